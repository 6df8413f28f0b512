import { aggregate } from './aggregate';
import { copyData } from './copy-data';
import { count } from './count';
import { create } from './create';
import { createIndexes } from './create-indexes';
import { deleteCommand } from './delete';
import { distinct } from './distinct';
import { drop, dropDatabase, dropIndexes } from './drop';
import { explain } from './explain';
import { find } from './find';
import { findAndModify } from './find-and-modify';
import { getMore } from './get-more';
import { hello } from './hello';
import { insert } from './insert';
import type { Command } from './invocation';
import { killCursors } from './kill-cursors';
import { listCollections, listDatabases, listIndexes } from './list';
import { buildInfo, connectionStatus, getParameter, hostInfo, ping, serverStatus } from './server-info';
import { abortTransaction, commitTransaction, endSessions, startSession } from './sessions';
import { collStats, dbStats } from './stats';
import { update } from './update';

/** Every command that is answered, by each of its names. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    hello,
    isMaster: hello,
    ismaster: hello,
    ping,
    buildInfo,
    buildinfo: buildInfo,
    insert,
    update,
    delete: deleteCommand,
    findAndModify,
    findandmodify: findAndModify,
    find,
    getMore,
    killCursors,
    aggregate,
    count,
    distinct,
    collStats,
    collstats: collStats,
    dbStats,
    dbstats: dbStats,
    serverStatus,
    hostInfo,
    connectionStatus,
    getParameter,
    copyData,
    create,
    explain: explain({ find, aggregate, count, distinct, update, delete: deleteCommand, findAndModify }),
    createIndexes,
    drop,
    dropDatabase,
    dropIndexes,
    deleteIndexes: dropIndexes,
    listCollections,
    listDatabases,
    listIndexes,
    endSessions,
    startSession,
    commitTransaction,
    abortTransaction,
  }),
);
