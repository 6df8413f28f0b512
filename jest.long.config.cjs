/** The long form of the suites that have one: each case many times over. */
process.env.EPOCHGRAPH_LONG = '1';
process.env.EPOCHGRAPH_CRASH_ROUNDS ??= '20';

module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: [
    '<rootDir>/test/faults/**/*.test.ts',
    '<rootDir>/test/embedded/crash.test.ts',
    '<rootDir>/test/live/{load,recovery}.test.ts',
    '<rootDir>/test/hostile/**/*.test.ts',
    '<rootDir>/test/process/{soak,database-away}.test.ts',
  ],
  testTimeout: 3_600_000,
};
