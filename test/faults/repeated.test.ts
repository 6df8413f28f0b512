import { createSchema } from '../../src/schema';
import { form } from '../kit/long-form';
import { newId } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { CASES, MUTATIONS, type Arena } from './cases';
import { faultsOf, readAll, withoutSigns } from './stored';

const ROUNDS = form(1, 20);
const CALLERS = 10;

it('has a case for every mutation of the schema but those of tokens, which make a new secret each time', () => {
  const fields = Object.keys(createSchema().getMutationType()!.getFields()).filter(
    (name) => !name.endsWith('ApiToken'),
  );
  expect([...MUTATIONS].sort()).toEqual(fields.sort());
});

describe('a mutation that is repeated', () => {
  let server: TestServer;
  let arena: Arena;
  beforeAll(async () => {
    server = await startServer();
    arena = { send: (document, variables) => server.data(document, variables), db: server.stores.database.db };
  });
  afterAll(() => server.close());

  const stored = () => readAll(arena.db);

  it.each(MUTATIONS)('%s changes nothing and says so, or the same again', async (name) => {
    const { document, prepare } = CASES[name]!;
    for (let round = 0; round < ROUNDS; round++) {
      const call = await prepare(arena);
      const first = (await server.data(document, call.variables))[name];
      expect(first).toMatchObject(call.first);
      const before = await stored();
      expect(call.faults(before)).toEqual([]);
      const again = [];
      for (let time = 0; time < 3; time++) again.push((await server.data(document, call.variables))[name]);
      const after = await stored();
      // What is in both answers is the same: an end that stays, an id that is not made anew.
      const expected = JSON.stringify(call.first) === JSON.stringify(call.repeated) ? first : call.repeated;
      for (const answer of again) expect(answer).toMatchObject(expected);
      expect(withoutSigns(after)).toEqual(withoutSigns(before));
      expect(faultsOf(after)).toEqual([]);
    }
  });

  it.each(MUTATIONS)(`%s does its work once for ${CALLERS} callers at once`, async (name) => {
    const { document, prepare } = CASES[name]!;
    for (let round = 0; round < ROUNDS; round++) {
      const call = await prepare(arena);
      const answers = await Promise.all(Array.from({ length: CALLERS }, () => server.query(document, call.variables)));
      expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
      const after = await stored();
      expect(call.faults(after)).toEqual([]);
      expect(faultsOf(after)).toEqual([]);
      const outcomes = answers.map(({ data }: any) => data[name].outcome as string | undefined);
      if (outcomes[0] === undefined) continue;
      expect(outcomes.sort()).toEqual(['CREATED', ...Array.from({ length: CALLERS - 1 }, () => 'UNCHANGED')]);
    }
  });

  it('createExperiment is the same experiment, also when its parent has been deleted meanwhile', async () => {
    const { document, prepare } = CASES.createExperiment!;
    const call = await prepare(arena);
    const { input } = call.variables as { input: { parentExperimentId: string } };
    expect((await server.data(document, call.variables)).createExperiment).toMatchObject(call.first);
    await server.data(CASES.deleteExperiment!.document, { id: input.parentExperimentId });
    expect((await server.data(document, call.variables)).createExperiment).toMatchObject(call.repeated);
    const fresh = { input: { ...input, id: newId() } };
    const { errors } = await server.query(document, fresh);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['NOT_FOUND']);
  });
});
