import { getNamedType, isInputObjectType, type GraphQLInputObjectType } from 'graphql';
import type { Browser, Page } from 'playwright-core';
import { createSchema } from '../../src/schema';
import { startGuardedServer, type GuardedServer } from '../kit/guarded';
import { CREATE, LOG_EPOCHS, SAVE, UPSERT } from '../kit/seed';
import { openBrowser, openPage } from './browser';

jest.setTimeout(120_000);

/** Text that becomes an element, or runs, wherever a page takes it for HTML or for an address. */
const HTML = `<img data-hostile src=x onerror="window.hostile=1">`;
const SCRIPT = `"'></title></textarea><script data-hostile>window.hostile=1</script><svg data-hostile onload="window.hostile=1">`;
const ADDRESS = 'javascript:window.hostile=1//';
const OUTSIDE = '//evil.example/a.js';
/** One that holds them all, told apart by where it is stored. */
const payload = (where: string): string => `${where} ${HTML}${SCRIPT}`;

const RECORD = {
  name: payload('name'),
  note: `${payload('note')} ${ADDRESS} [a](${ADDRESS}) https:${OUTSIDE}`,
  tags: [payload('tag'), ADDRESS],
  createdBy: payload('createdBy'),
  hostname: ADDRESS,
  checkpointDir: OUTSIDE,
  legacyId: payload('legacyId'),
};

/** The fields of an input that take any text, down through its objects. */
function textFields(type: GraphQLInputObjectType): string[] {
  return Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    if (isInputObjectType(named)) return textFields(named).map((name) => `${field.name}.${name}`);
    return named.name === 'String' ? [field.name] : [];
  });
}

const CHECKPOINT = {
  file: { path: ADDRESS, checksum: payload('checksum'), format: payload('format') },
  modelState: { optimizer: payload('optimizer'), scheduler: payload('scheduler') },
  validation: { predictionsFile: OUTSIDE },
};
const SUBJECT = { subjectId: payload('subject'), releases: [payload('release')] };

/** The paths of an object's texts. */
function paths(value: object): string[] {
  return Object.entries(value).flatMap(([key, item]) =>
    typeof item === 'object' && !Array.isArray(item) ? paths(item as object).map((path) => `${key}.${path}`) : [key],
  );
}

describe('scripts, HTML and addresses in every text that is stored', () => {
  let server: GuardedServer;
  let browser: Browser;
  let origin: string;
  let ids: string[];
  let token: string;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startGuardedServer(), openBrowser()]);
    origin = new URL(server.url).origin;
    const created = await server.asAdmin(
      'mutation ($name: String!) { createApiToken(name: $name, role: ADMIN) { secret } }',
      { name: payload('token') },
    );
    token = created.createApiToken.secret;
    ids = [];
    for (const isSecond of [false, true]) {
      const { createExperiment } = await server.asAdmin(CREATE, {
        input: {
          ...RECORD,
          challenge: 1,
          status: isSecond ? 'RUNNING' : 'COMPLETED',
          model: { name: payload('model'), architecture: ADDRESS, version: HTML, [payload('modelKey')]: HTML },
          config: {
            optimizer: payload('optimizer'),
            loss: ADDRESS,
            device: HTML,
            [payload('key')]: [HTML, { a: SCRIPT }],
          },
          dataset: { releases: [payload('release')], cache_files: [ADDRESS, HTML], [payload('dataKey')]: SCRIPT },
          metrics: { best_val_loss: 0.5, [payload('metric')]: 1 },
          ...(isSecond ? { parentExperimentId: ids[0] } : {}),
        },
      });
      const id = createExperiment.experiment.id as string;
      ids.push(id);
      const epochs = [0, 1, 2].map((epoch) => ({
        epoch,
        metrics: { val_loss: 1 / (epoch + 1), [payload('curve')]: epoch, [ADDRESS]: 1 },
      }));
      await server.asAdmin(LOG_EPOCHS, { input: { experimentId: id, epochs } });
      await server.asAdmin(SAVE, {
        input: { experimentId: id, epoch: 1, isBest: true, metrics: { [payload('metric')]: 1 }, ...CHECKPOINT },
      });
    }
    await server.asAdmin(UPSERT, {
      subjects: [
        { ...SUBJECT, phenotypic: { [payload('score')]: HTML, p_factor: 0.5 }, eegQuality: { [HTML]: SCRIPT } },
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });

  it('fills each field that takes text', () => {
    const schema = createSchema();
    const fields = (name: string) => textFields(schema.getType(name) as GraphQLInputObjectType);
    expect(paths(RECORD)).toEqual(expect.arrayContaining(fields('CreateExperimentInput')));
    expect(paths(CHECKPOINT)).toEqual(expect.arrayContaining(fields('SaveCheckpointInput')));
    expect(paths(SUBJECT)).toEqual(expect.arrayContaining(fields('SubjectInput')));
  });

  /** What the page made of the payloads, apart from text. */
  async function traces(page: Page): Promise<unknown> {
    return page.evaluate(`({
      ran: 'hostile' in window,
      elements: document.querySelectorAll('[data-hostile]').length,
      addresses: [...document.querySelectorAll('[href],[src],[action],[formaction]')]
        .flatMap((element) => ['href', 'src', 'action', 'formaction'].map((name) => element.getAttribute(name) ?? ''))
        .filter((address) => /^\\s*javascript:|evil/i.test(address)),
      handlers: [...document.querySelectorAll('*')]
        .flatMap((element) => element.getAttributeNames()).filter((name) => name.startsWith('on')),
    })`);
  }
  const NONE = { ran: false, elements: 0, addresses: [], handlers: [] };

  const open = async (path: string) => {
    const opened = await openPage(browser, `${origin}/health/live`);
    opened.page.on('dialog', (dialog) => opened.faults.push(`dialog: ${dialog.message()}`));
    await opened.page.evaluate(`sessionStorage.setItem('epochgraph.token', ${JSON.stringify(token)})`);
    await opened.page.goto(origin + path);
    return opened;
  };

  it.each<[string, () => string, string[]]>([
    ['the list', () => '/', [payload('name')]],
    ['the list, searched', () => `/?search=${encodeURIComponent(HTML)}`, [payload('name')]],
    ['a run', () => `/experiments/${ids[1]}`, [payload('name'), 'note <img', payload('curve'), payload('tag')]],
    ['the comparison', () => `/compare?ids=${ids.join(',')}`, [payload('name')]],
    ['the leaderboard', () => '/leaderboard?challenge=1', [payload('name')]],
    ['the subjects', () => '/subjects', [payload('subject')]],
    ['a subject', () => `/subjects/${encodeURIComponent(payload('subject'))}`, [payload('subject'), payload('score')]],
    ['a run that is not there', () => `/experiments/${encodeURIComponent(HTML)}`, []],
    ['a page that is not there', () => `/${encodeURIComponent(SCRIPT)}`, []],
  ])('are shown as text on %s', async (_, path, shown) => {
    const { page, faults, close } = await open(path());
    await page.locator('main :is(h1, [role=alert])').first().waitFor();
    for (const text of shown) await page.getByText(text).first().waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'token <img' }).waitFor();
    expect(await traces(page)).toEqual(NONE);
    // A page that is not there comes with this status.
    expect(faults.filter((fault) => !fault.includes('status of 404'))).toEqual([]);
    await close();
  });

  it('are shown as text by GraphiQL', async () => {
    const { page, faults, close } = await open('/graphiql');
    // The operation that it begins with shows running experiments: their names, models and machines.
    await page.locator('.graphiql-editor').getByText('latestEpoch').waitFor();
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.locator('.result-window').getByText('data-hostile').first().waitFor();
    expect(await traces(page)).toEqual(NONE);
    expect(faults).toEqual([]);
    await close();
  });
});
