import type { Browser } from 'playwright-core';
import { startServer, type TestServer } from '../kit/server';
import { seriousFaults } from './accessibility';
import { openBrowser, openPage, type Look } from './browser';
import { seedLaboratory, type Laboratory } from './laboratory';

jest.setTimeout(90_000);

const LOOKS: Look[] = [{ width: 1440 }, { width: 1440, dark: true }, { width: 390 }, { width: 390, dark: true }];

describe('every page of the dashboard', () => {
  let server: TestServer;
  let browser: Browser;
  let laboratory: Laboratory;
  let origin: string;
  beforeAll(async () => {
    server = await startServer();
    origin = new URL(server.url).origin;
    [browser, laboratory] = await Promise.all([openBrowser(), seedLaboratory(server.data, { size: 14 })]);
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });

  /** The pages with a text that shows that their data have come. */
  const pages = (): [path: string, heading: string, shows: string][] => [
    ['/', 'Experiments', 'eegnex_rt_001'],
    ['/?state=FAILED&f=challenge:eq:1&sort=best_val_loss&cols=status,config.optimizer', 'Experiments', 'of 14 runs'],
    [`/experiments/${laboratory.main}`, '_', 'Lineage'],
    [`/experiments/${laboratory.diverged}`, '_', 'NaN'],
    [`/compare?ids=${laboratory.runs.slice(-5).join(',')}`, 'Compare', 'Configuration'],
    ['/compare', 'Compare', 'Choose runs to compare'],
    ['/leaderboard', 'Leaderboard', 'best'],
    ['/subjects', 'Subjects', 'NDAR100000'],
    ['/subjects?release=R1&age=6-10', 'Subjects', 'of 400'],
    ['/subjects/NDAR100000', 'NDAR100000', 'p_factor'],
    ['/no/such/page', 'There is no page here', 'All experiments'],
  ];

  it.each(LOOKS)('shows its data at %p, accessibly, from this server alone, and after a reload', async (look) => {
    for (const [path, heading, shows] of pages()) {
      const { page, faults, close } = await openPage(browser, origin + path, look);
      const isThere = page.getByText(shows).first();
      await isThere.waitFor({ state: 'attached' });
      expect(await page.locator('h1').innerText()).toContain(heading);
      expect(await seriousFaults(page)).toEqual([]);
      const overflow = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect({ path, overflow }).toEqual({ path, overflow: 0 });
      if (look.width === 1440 && !look.dark) {
        await page.reload();
        await isThere.waitFor({ state: 'attached' });
      }
      // The browser itself reports the status of the page that is not there.
      expect(faults.filter((fault) => !(path === '/no/such/page' && fault.includes('404')))).toEqual([]);
      await close();
    }
  });

  it('shows its data in a browser under a POSIX locale', async () => {
    const look = { language: 'en-US@posix' };
    const { page, faults, close } = await openPage(browser, `${origin}/experiments/${laboratory.main}`, look);
    await page.getByText('Lineage').first().waitFor();
    await page.locator('canvas').first().waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  it('is dark where the system is', async () => {
    const brightness = async (dark: boolean): Promise<number> => {
      const { page, close } = await openPage(browser, `${origin}/`, { dark });
      const color = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      await close();
      return Math.max(...(color.match(/\d+/g) ?? []).slice(0, 3).map(Number));
    };
    expect(await brightness(true)).toBeLessThan(60);
    expect(await brightness(false)).toBeGreaterThan(200);
  });

  it('shows what is stored as text, whatever it holds', async () => {
    const name = '<img src=x onerror="document.title=1"> & "quotes"';
    const { createExperiment } = await server.data(
      'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } } }',
      { input: { name, note: '<script>document.title = 2</script>', tags: ['<b>'], config: { '<i>': '<u>' } } },
    );
    const { page, faults, close } = await openPage(browser, `${origin}/experiments/${createExperiment.experiment.id}`);
    await page.getByText('document.title = 2').waitFor();
    expect(await page.locator('h1').innerText()).toBe(name);
    expect(await page.locator('main img, main script, main i > u').count()).toBe(0);
    expect(await page.title()).toContain('<img');
    expect(faults).toEqual([]);
    await close();
  });

  it('serves GraphiQL, where a saved operation runs', async () => {
    const { page, faults, close } = await openPage(browser, `${origin}/graphiql`);
    await page.getByRole('button', { name: /best-per-challenge/ }).click();
    await page.getByRole('tab', { name: 'BestPerChallenge' }).waitFor();
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.locator('.result-window').getByText('experimentCount').first().waitFor();
    expect(faults).toEqual([]);
    await close();
  });
});
