import type { Browser, Page } from 'playwright-core';
import { CREATE, createExperiment, LOG_EPOCH, logEpochs } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { openBrowser, openPage } from './browser';

jest.setTimeout(60_000);

const STATUS = `mutation ($input: UpdateExperimentStatusInput!) { updateExperimentStatus(input: $input) { experiment { id } } }`;

/** Waits until the page is connected, so that what comes next comes live. */
async function connected(page: Page): Promise<void> {
  await page.locator('.connection.live').waitFor();
}

describe('the dashboard while runs train', () => {
  let server: TestServer;
  let browser: Browser;
  let origin: string;
  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
    origin = new URL(server.url).origin;
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });

  const log = (experimentId: string, epoch: number, val_loss: number | string): Promise<unknown> =>
    server.data(LOG_EPOCH, { input: { experimentId, epoch, metrics: { train_loss: 0.5, val_loss } } });

  it('says how to log a first run where there is none, and shows it when it comes', async () => {
    const { page, faults, close } = await openPage(browser, `${origin}/`);
    await page.getByText('No run has been logged yet').waitFor();
    expect(await page.locator('pre').innerText()).toContain('from epochgraph import');
    await connected(page);
    await createExperiment(server, { name: 'the first' });
    await page.getByRole('link', { name: 'the first' }).waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  it('adds, changes, moves and removes rows of the list as runs do', async () => {
    const [low, high] = [
      await createExperiment(server, { name: 'low' }),
      await createExperiment(server, { name: 'high' }),
    ];
    await log(low, 0, 0.1);
    await log(high, 0, 0.9);
    const { page, close } = await openPage(browser, `${origin}/?sort=best_val_loss&q=`);
    const names = (): Promise<string[]> => page.locator('tbody a').allInnerTexts();
    const row = page.locator('tbody tr', { hasText: 'high' });
    await row.getByText('0.9000').waitFor();
    await connected(page);
    expect((await names()).slice(0, 2)).toEqual(['low', 'high']);

    await log(high, 1, 0.05);
    await row.getByText('0.0500').waitFor();
    expect((await names()).slice(0, 2)).toEqual(['high', 'low']);

    await server.data(STATUS, { input: { experimentId: high, status: 'COMPLETED' } });
    await row.getByText('Completed').waitFor();

    await server.data('mutation ($id: ID!) { deleteExperiment(id: $id) { id } }', { id: low });
    await page.getByRole('link', { name: 'low' }).waitFor({ state: 'detached' });
    await close();
  });

  it('lets a run enter and leave a filtered list', async () => {
    const id = await createExperiment(server, { name: 'passing through' });
    const { page, close } = await openPage(browser, `${origin}/?state=COMPLETED&q=passing`);
    await page.getByText('No run matches').waitFor();
    await connected(page);
    await server.data(STATUS, { input: { experimentId: id, status: 'COMPLETED' } });
    await page.getByRole('link', { name: 'passing through' }).waitFor();
    await server.data(STATUS, { input: { experimentId: id, status: 'RUNNING' } });
    await page.getByText('No run matches').waitFor();
    await close();
  });

  it('extends the curves of a run, and tells of a gap and of the best', async () => {
    const id = await createExperiment(server, { name: 'training', config: { max_epochs: 40 } });
    const { page, faults, close } = await openPage(browser, `${origin}/experiments/${id}`);
    await page.getByText('No epoch yet').waitFor();
    await connected(page);
    await log(id, 0, 0.75);
    const reading = page.locator('.main-chart .readout');
    await reading.getByText('0.7500').waitFor();
    await page.evaluate(`document.querySelector('.main-chart canvas').isTheSame = true`);
    for (let epoch = 1; epoch < 12; epoch++) await log(id, epoch, 0.7 - epoch / 100);
    await reading.getByText('epoch 11').waitFor();
    await log(id, 12, 'NaN');
    await reading.getByText('NaN').waitFor();
    const figures = page.locator('.figures');
    await figures.getByText('epoch 11').waitFor();
    await figures.getByText('0.5900').waitFor();
    await figures.getByText('13 / 40').waitFor();
    // The chart was extended, not made anew.
    expect(await page.evaluate(`document.querySelector('.main-chart canvas').isTheSame`)).toBe(true);
    expect(faults).toEqual([]);
    await close();
  });

  it('shows a run that was rewound without the epochs that are gone', async () => {
    const id = await createExperiment(server, { name: 'rewound' });
    await logEpochs(server, id, 20);
    const { page, close } = await openPage(browser, `${origin}/experiments/${id}`);
    await page.locator('.main-chart .readout').getByText('epoch 19').waitFor();
    await connected(page);
    await server.data('mutation ($id: ID!) { rewindExperiment(experimentId: $id, toEpoch: 4) { deletedEpochs } }', {
      id,
    });
    await page.locator('.main-chart .readout').getByText('epoch 4').waitFor();
    await close();
  });

  it('moves the leaderboard', async () => {
    const contender = async (name: string, loss: number): Promise<string> => {
      const { createExperiment: made } = await server.data(CREATE, { input: { name, challenge: 1 } });
      await log(made.experiment.id, 0, loss);
      await server.data(STATUS, { input: { experimentId: made.experiment.id, status: 'COMPLETED' } });
      return made.experiment.id;
    };
    await contender('second', 0.4);
    const { page, close } = await openPage(browser, `${origin}/leaderboard?challenge=1`);
    await page.locator('.board li', { hasText: 'second' }).waitFor();
    await contender('winner', 0.2);
    await page.locator('.board li:first-child', { hasText: 'winner' }).waitFor();
    expect(await page.locator('.board .who a').allInnerTexts()).toEqual(['winner', 'second']);
    await close();
  });

  it('says that the connection is lost, and misses nothing when it is back', async () => {
    const id = await createExperiment(server, { name: 'through a tunnel' });
    await logEpochs(server, id, 3);
    const { page, context, close } = await openPage(browser, `${origin}/experiments/${id}`);
    await page.locator('.main-chart .readout').getByText('epoch 2').waitFor();
    await connected(page);
    await context.setOffline(true);
    await page.getByText('The connection to the server is lost').waitFor();
    await page.locator('.connection.lost').waitFor();
    for (let epoch = 3; epoch < 9; epoch++) await log(id, epoch, 0.3);
    await context.setOffline(false);
    await page.locator('.main-chart .readout').getByText('epoch 8').waitFor();
    await page.getByText('The connection is back').waitFor();
    await page.locator('.lost-banner').waitFor({ state: 'detached' });
    await page.locator('.figures').getByText('9', { exact: true }).waitFor();
    await close();
  });

  it('shows the list as it is after an outage in which runs came and went', async () => {
    const leaving = await createExperiment(server, { name: 'leaving' });
    const { page, context, close } = await openPage(browser, `${origin}/`);
    await page.getByRole('link', { name: 'leaving' }).waitFor();
    await connected(page);
    await context.setOffline(true);
    await page.locator('.connection.lost').waitFor();
    await server.data('mutation ($id: ID!) { deleteExperiment(id: $id) { id } }', { id: leaving });
    await createExperiment(server, { name: 'arriving' });
    await context.setOffline(false);
    await page.getByRole('link', { name: 'arriving' }).waitFor();
    await page.getByRole('link', { name: 'leaving' }).waitFor({ state: 'detached' });
    await close();
  });
});
