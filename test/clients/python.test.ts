import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../kit/embedded';
import { killProcesses, startProgram } from '../kit/process';
import { newStore, type ProcessStore } from '../kit/process-store';

const PACKAGE = path.join(REPOSITORY, 'clients/python');
const MODULES = readdirSync(path.join(PACKAGE, 'tests'))
  .filter((file) => /^test_\w+\.py$/.test(file))
  .map((file) => file.slice(0, -'.py'.length));
/** A hundred trainers are started and killed in one of them. */
const TIMEOUT_MS = 600_000;

const python = spawnSync('python3', ['--version'], { encoding: 'utf8' });

if (python.error) {
  console.warn(
    `The Python tracker was NOT tested: python3 can't be run here (${python.error.message}). Install it to have it tested.`,
  );
  it('the Python tracker was NOT run: there is no python3 on this machine', () => {
    expect(python.error).toBeDefined();
  });
} else {
  describe(`the Python tracker, by ${python.stdout.trim()}`, () => {
    let store: ProcessStore;

    beforeEach(() => {
      store = newStore();
    });
    afterEach(async () => {
      await killProcesses();
      await store.remove();
    });

    it.each(MODULES)(
      '%s',
      async (module) => {
        const env = { ...store.env, EPOCHGRAPH_NODE: process.execPath, PYTHONDONTWRITEBYTECODE: '1' };
        const exit = await startProgram('python3', ['-m', 'unittest', `tests.${module}`], { cwd: PACKAGE, env }).exited;
        if (exit.code !== 0) throw new Error(exit.stderr);
        expect(exit.stderr).toMatch(/^Ran [1-9]\d* tests? in/m);
        expect(exit.stderr).toMatch(/^OK$/m);
        for (const [notice] of exit.stderr.matchAll(/^.* NOT tested: .*$/gm)) console.warn(notice);
      },
      TIMEOUT_MS,
    );
  });
}
