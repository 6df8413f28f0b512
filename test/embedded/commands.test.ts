import { EJSON } from 'bson';
import type { Document, MongoServerError } from 'mongodb';
import { recording, serve, type Served } from './served';

interface RecordedCommand {
  command: Document;
  reply?: Document;
  error?: { code: number; codeName: string };
}

/** Fields that are new with every run, or that tell of the recording's own server. */
const VOLATILE = ['$clusterTime', 'operationTime', 'nIndexesWas', 'electionId', 'opTime'];

/**
 * Commands that are answered otherwise than mongod 4.4 did, by their place in the recording; the reasons are in
 * docs/embedded-database.md.
 */
const OTHERWISE: Record<number, { code?: number; reply?: Document; change?(reply: Document): void }> = {
  // An unknown field of find.
  30: { code: 40415 },
  // A name that starts with $ at the top level of an inserted document.
  37: { reply: { n: 1, ok: 1 } },
  // collMod is not there.
  54: { code: 59 },
  // The plan checks the whole filter again, and does not tell on which paths the arrays are.
  59: {
    change(reply) {
      const winningPlan = reply.winningPlan as Document;
      winningPlan.filter = { a: 1, b: 1 };
      delete (winningPlan.inputStage as Document).multiKeyPaths;
    },
  },
};

describe('recorded commands', () => {
  const text = recording('commands.json');
  if (text === undefined) {
    console.log('The recorded commands are not here (EPOCHGRAPH_BEHAVIOUR): not compared.');
    it('are not compared: their folder is absent', () => expect(recording('commands.json')).toBeUndefined());
    return;
  }
  const { commands } = EJSON.parse(text, { relaxed: false }) as unknown as { commands: RecordedCommand[] };
  let served: Served;
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());

  // One after another: each starts from what those before it left.
  it.each(commands.map((recorded, i) => [i, EJSON.stringify(recorded.command).slice(0, 100), recorded] as const))(
    '%i %s',
    async (i, _, { command, reply, error }) => {
      const got = await run(command);
      const other = OTHERWISE[i];
      const wantedCode = other?.reply ? undefined : (other?.code ?? error?.code);
      if (wantedCode !== undefined) {
        expect(Number(got.error?.code)).toBe(Number(wantedCode));
        return;
      }
      expect(got.error).toBeUndefined();
      const wanted = stable(other?.reply ?? reply);
      other?.change?.(wanted);
      expect(stable(got.reply)).toEqual(wanted);
    },
  );

  async function run(command: Document): Promise<{ reply?: Document; error?: MongoServerError }> {
    try {
      return { reply: await served.client.db('behaviour').command(command, { promoteValues: false, raw: false }) };
    } catch (error) {
      return { error: error as MongoServerError };
    }
  }
});

function stable(reply: Document | undefined): Document {
  const plain = EJSON.parse(EJSON.stringify(reply ?? {}, { relaxed: true })) as Document;
  for (const name of VOLATILE) delete plain[name];
  if (plain.cursor?.id) plain.cursor.id = 'CURSOR';
  for (const writeError of plain.writeErrors ?? []) delete writeError.errmsg;
  if (plain.queryPlanner) return { winningPlan: plain.queryPlanner.winningPlan };
  return plain;
}
