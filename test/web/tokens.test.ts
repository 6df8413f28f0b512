import type { Browser, Page } from 'playwright-core';
import { Role } from '../../types/enums/Role';
import { startGuardedServer, type GuardedServer } from '../kit/guarded';
import { CREATE } from '../kit/seed';
import { openBrowser, openPage } from './browser';

jest.setTimeout(60_000);

describe('the dashboard of a server that asks for tokens', () => {
  let server: GuardedServer;
  let browser: Browser;
  let origin: string;
  let id: string;
  beforeAll(async () => {
    [server, browser] = await Promise.all([startGuardedServer(), openBrowser()]);
    origin = new URL(server.url).origin;
    id = (await server.asAdmin(CREATE, { input: { name: 'guarded' } })).createExperiment.experiment.id;
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });

  const dialogOf = (page: Page) => page.getByRole('dialog', { name: 'A token is needed' });
  const enter = async (page: Page, token: string, keep = false): Promise<void> => {
    const dialog = dialogOf(page);
    await dialog.getByLabel('Token').fill(token);
    if (keep) await dialog.getByLabel('Keep it in this browser').check();
    await dialog.getByRole('button', { name: 'Use the token' }).click();
  };
  const actions = async (page: Page): Promise<string[]> => {
    await page.getByRole('button', { name: 'Actions' }).click();
    return page.locator('.action-list button').allInnerTexts();
  };

  it('asks for one, says when it is not known, and then shows and follows the runs', async () => {
    const { page, close } = await openPage(browser, `${origin}/`);
    await dialogOf(page).getByText('those who have a token').waitFor();
    expect(await page.locator('tbody a').count()).toBe(0);
    // A connection that was refused is none that was lost; losses are told of after 1.5 s.
    await page.waitForTimeout(2_000);
    expect(await page.locator('.lost-banner').count()).toBe(0);
    await enter(page, 'egt_wrong');
    await dialogOf(page).getByText('does not know the token').waitFor();
    await enter(page, server.tokens.READER);
    await page.locator('tbody a', { hasText: 'guarded' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await server.asAdmin(CREATE, { input: { name: 'came later' } });
    await page.locator('tbody a', { hasText: 'came later' }).waitFor();
    expect(await page.evaluate('[sessionStorage.length, localStorage.length]')).toEqual([1, 0]);
    await page.reload();
    await page.locator('tbody a', { hasText: 'guarded' }).waitFor();
    await close();
  });

  it.each([
    [Role.TRAINER, ['Edit note and tags …', 'Set the state …']],
    [Role.ADMIN, ['Edit note and tags …', 'Set the state …', 'Delete …']],
  ])('offers a %s what the role allows, and no more', async (role, offered) => {
    const { page, close } = await openPage(browser, `${origin}/experiments/${id}`);
    await enter(page, server.tokens[role]);
    await page.getByRole('button', { name: 'of a test' }).waitFor();
    expect(await actions(page)).toEqual(offered);
    await close();
  });

  it('offers a READER no actions, and forgets the token when told to', async () => {
    const { page, close } = await openPage(browser, `${origin}/experiments/${id}`);
    await enter(page, server.tokens.READER, true);
    await page.getByRole('button', { name: 'of a test' }).click();
    await page.getByText('This token may read.').waitFor();
    expect(await page.getByRole('button', { name: 'Actions' }).count()).toBe(0);
    expect(await page.evaluate('[sessionStorage.length, localStorage.length]')).toEqual([0, 1]);
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await dialogOf(page).waitFor();
    expect(await page.evaluate('[sessionStorage.length, localStorage.length]')).toEqual([0, 0]);
    await close();
  });

  it('asks again when the token is revoked while the page is open, and goes on with another', async () => {
    const { id: tokenId, secret } = await server.newToken(Role.READER);
    const { page, close } = await openPage(browser, `${origin}/`);
    await enter(page, secret);
    await page.locator('tbody a', { hasText: 'guarded' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await server.asAdmin('mutation ($id: ID!) { revokeApiToken(id: $id) { id } }', { id: tokenId });
    await dialogOf(page).getByText('expired or been revoked').waitFor();
    await enter(page, server.tokens.READER);
    await page.getByText('Live', { exact: true }).waitFor();
    await server.asAdmin(CREATE, { input: { name: 'after the other token' } });
    await page.locator('tbody a', { hasText: 'after the other token' }).waitFor();
    await close();
  });

  it('serves GraphiQL with the token that the dashboard was given', async () => {
    const { page, close } = await openPage(browser, `${origin}/`);
    await enter(page, server.tokens.READER);
    await page.locator('tbody a', { hasText: 'guarded' }).waitFor();
    await page.goto(`${origin}/graphiql`);
    await page.locator('.graphiql-editor').getByText('latestEpoch').waitFor();
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.locator('.result-window').getByText('totalCount').first().waitFor();
    await close();
  });
});
