import { abortTransaction } from './abort-transaction';
import { aggregate } from './aggregate';
import { buildInfo } from './build-info';
import { collStats } from './coll-stats';
import { commitTransaction } from './commit-transaction';
import { copyData } from './copy-data';
import { count } from './count';
import { create } from './create';
import { createIndexes } from './create-indexes';
import { dbStats } from './db-stats';
import { deleteCommand } from './delete';
import { distinct } from './distinct';
import { drop } from './drop';
import { dropDatabase } from './drop-database';
import { dropIndexes } from './drop-indexes';
import { explain } from './explain';
import { find } from './find';
import { findAndModify } from './find-and-modify';
import { getMore } from './get-more';
import { getParameter } from './get-parameter';
import { hello } from './hello';
import { hostInfo } from './host-info';
import { insert } from './insert';
import type { Command } from './invocation';
import { killCursors } from './kill-cursors';
import { listCollections } from './list-collections';
import { listDatabases } from './list-databases';
import { listIndexes } from './list-indexes';
import { connectionStatus, ping } from './ping';
import { serverStatus } from './server-status';
import { endSessions, startSession } from './sessions';
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
