/** Packages that hold ES modules alone; Node's require takes them, jest's does not. */
const ES_MODULES = 'content-disposition';

/** Tests run from the TypeScript sources (swc keeps the decorators' metadata); child processes run the build in dist/. */
module.exports = {
  rootDir: '.',
  roots: ['<rootDir>/test'],
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  transform: { [`\\.ts$|/node_modules/(${ES_MODULES})/.+\\.js$`]: ['@swc/jest', require('./swc.config.cjs')] },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES})/)`],
  setupFiles: ['reflect-metadata'],
  testSequencer: '<rootDir>/jest.sequencer.cjs',
  globalSetup: '<rootDir>/test/kit/global-setup.ts',
  globalTeardown: '<rootDir>/test/kit/global-teardown.ts',
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testTimeout: 30_000,
  // Many suites wait more than they work: for processes to start, for seconds to pass.
  maxWorkers: 3,
};
