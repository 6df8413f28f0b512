import type { Browser } from 'playwright-core';
import { createExperiment, logEpochs } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { openBrowser, openPage } from './browser';

jest.setTimeout(60_000);

const RECORD = 'query ($id: ID!) { experiment(id: $id) { note tags status } }';

describe('what a person does on the dashboard', () => {
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

  it('changes a note and tags, and leaves tags that others added', async () => {
    const id = await createExperiment(server, { tags: ['old', 'kept'] });
    const { page, close } = await openPage(browser, `${origin}/experiments/${id}`);
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('button', { name: 'Edit note and tags' }).click();
    const add =
      'mutation ($id: ID!) { updateExperiment(input: { id: $id, addTags: ["theirs"] }) { experiment { id } } }';
    await server.data(add, { id });
    await page.getByRole('textbox', { name: 'Note' }).fill('Diverges at 40.');
    await page.getByRole('textbox', { name: 'Tags' }).fill('kept, new');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.run-note').getByText('Diverges at 40.').waitFor();
    expect((await server.data(RECORD, { id })).experiment).toMatchObject({
      note: 'Diverges at 40.',
      tags: ['kept', 'theirs', 'new'],
    });
    await close();
  });

  it('sets a state that the run may go to', async () => {
    const id = await createExperiment(server);
    const { page, close } = await openPage(browser, `${origin}/experiments/${id}`);
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('button', { name: 'Set the state' }).click();
    await page.getByLabel('Stopped: a person ended it').check();
    await page.getByRole('button', { name: 'Set the state', exact: true }).click();
    await page.locator('.run-head .status', { hasText: 'Stopped' }).waitFor();
    expect((await server.data(RECORD, { id })).experiment.status).toBe('STOPPED');
    await close();
  });

  it('deletes a run only once its name is typed', async () => {
    const id = await createExperiment(server, { name: 'to be gone' });
    await logEpochs(server, id, 2);
    const { page, close } = await openPage(browser, `${origin}/experiments/${id}`);
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('button', { name: 'Delete …' }).click();
    const confirm = page.getByRole('button', { name: 'Delete for good' });
    await page.getByRole('dialog').getByRole('textbox').fill('to be');
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByRole('dialog').getByRole('textbox').fill('to be gone');
    await confirm.click();
    await page.getByText('to be gone is deleted, with 2 epochs and 0 checkpoints.').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    expect((await server.data(RECORD, { id })).experiment).toBeNull();
    await close();
  });

  it('marks runs that have gone silent as failed', async () => {
    const id = await createExperiment(server, { name: 'silent' });
    await server.data('mutation ($id: ID!) { heartbeat(experimentId: $id) { experiment { id } } }', { id });
    const experiments = server.stores.database.db.collection('experiments');
    const longAgo = new Date(Date.now() - 3 * 3_600_000);
    await experiments.updateOne(
      { experiment_name: 'silent' },
      { $set: { last_seen_at: longAgo, last_heartbeat_at: longAgo } },
    );
    const { page, close } = await openPage(browser, `${origin}/`);
    const row = page.locator('tbody tr', { hasText: 'silent' });
    await row.getByText('Stalled').waitFor();
    await page.getByRole('button', { name: /gone silent/ }).click();
    await page.getByRole('button', { name: 'Mark as failed' }).click();
    await page.getByText('1 run marked as failed.').waitFor();
    await row.getByText('Failed').waitFor();
    await close();
  });

  it('narrows, sorts and chooses columns, all of it in the address', async () => {
    for (const [index, optimizer] of ['Adam', 'SGD', 'Adam'].entries()) {
      await createExperiment(server, {
        name: `sweep ${index}`,
        challenge: index + 1,
        config: { optimizer, batch_size: 16 * (index + 1) },
      });
    }
    const { page, close } = await openPage(browser, `${origin}/`);
    const names = (): Promise<string[]> => page.locator('tbody a').allInnerTexts();
    await page.locator('tbody a').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('sweep');
    await page.getByText(/^3 of/).waitFor();
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByLabel('Field').selectOption('config.');
    await page.getByLabel('Path of the hyperparameter').fill('optimizer');
    await page.getByLabel('Value').fill('Adam');
    await page.getByRole('button', { name: 'Add filter' }).click();
    await page.getByText(/^2 of/).waitFor();
    await page.getByRole('button', { name: 'Challenge' }).click();
    await page.waitForFunction(`document.querySelector('tbody a')?.textContent === 'sweep 0'`);
    expect(await names()).toEqual(['sweep 0', 'sweep 2']);
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByLabel('Path or name').fill('batch_size');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('columnheader', { name: 'batch_size' }).waitFor();
    expect(decodeURIComponent(page.url())).toMatch(/q=sweep.*f=config\.optimizer:eq:Adam/);

    await page.reload();
    await page.getByRole('columnheader', { name: 'batch_size' }).waitFor();
    await page.locator('td', { hasText: /^48$/ }).waitFor();
    expect(await names()).toEqual(['sweep 0', 'sweep 2']);
    await page.getByRole('button', { name: 'Remove the filter: optimizer = Adam' }).click();
    await page.getByText(/^3 of/).waitFor();
    await close();
  });

  it('goes by the keyboard through the list to a comparison', async () => {
    const { page, close } = await openPage(browser, `${origin}/?q=sweep`);
    await page.locator('tbody a').nth(2).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
    await page.getByText('2 runs chosen').waitFor();
    await page.keyboard.press('c');
    await page.getByRole('heading', { name: 'Compare' }).waitFor();
    await page.getByRole('rowheader', { name: 'batch_size' }).waitFor();
    expect(await page.locator('.compared-name a').allInnerTexts()).toEqual(['sweep 2', 'sweep 1']);
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'Subjects' }).waitFor();
    await page.goBack();
    await page.goBack();
    await page.locator('tbody a').nth(2).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'sweep 2' }).waitFor();
    await close();
  });

  it('reads and zooms a chart by the keyboard, and keeps the zoom in the address', async () => {
    const id = await createExperiment(server, { name: 'to read' });
    await logEpochs(server, id, 100);
    const { page, close } = await openPage(browser, `${origin}/experiments/${id}`);
    const reading = page.locator('.main-chart .readout');
    await reading.getByText('epoch 99').waitFor();
    await page.locator('.main-chart .chart').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await reading.getByText('epoch 1', { exact: true }).waitFor();
    await reading.getByText('0.5000').waitFor();
    await page.keyboard.press('+');
    await page.waitForURL(/zoom=/);
    await page.reload();
    await page.getByRole('button', { name: 'All epochs' }).click();
    await page.waitForURL((url) => !url.search.includes('zoom'));
    await close();
  });

  it('draws only the rows in view of a long list, and reaches its end', async () => {
    const made = Array.from({ length: 320 }, (_, index) => ({
      experiment_name: `long ${String(index).padStart(3, '0')}`,
      status: 'completed',
      start_time: new Date(Date.UTC(2020, 0, 1) + index * 60_000),
      tags: [],
      config: {},
      metrics: {},
    }));
    await server.stores.database.db.collection('experiments').insertMany(made);
    const { page, close } = await openPage(browser, `${origin}/?q=long`);
    await page.getByRole('link', { name: 'long 319' }).waitFor();
    for (let step = 0; step < 60; step++) {
      if (await page.getByRole('link', { name: 'long 000' }).count()) break;
      await page.evaluate(`document.querySelector('.run-table').scrollTop += 1500`);
      await page.waitForTimeout(50);
    }
    await page.getByRole('link', { name: 'long 000' }).waitFor();
    expect(await page.locator('tbody tr').count()).toBeLessThan(80);
    await close();
  });

  it('says what is wrong where the server does not answer, and tries again when told to', async () => {
    const { page, context, close } = await openPage(browser, `${origin}/compare`);
    await context.route('**/graphql', (route) => route.abort());
    await page.getByRole('link', { name: 'Experiments', exact: true }).click();
    await page.getByText('The server does not answer.').waitFor();
    await context.unroute('**/graphql');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('tbody a').first().waitFor();
    await close();
  });
});
