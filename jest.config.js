/** Tests are TypeScript, compiled by tsc to build/test; they run against the built dist/, which is what users get. */
export default {
  roots: ['<rootDir>/build/test'],
  testMatch: ['**/*.test.js'],
  transform: {},
  testEnvironment: 'node',
  setupFilesAfterEnv: ['<rootDir>/test/retry.mjs'],
  testTimeout: 120_000,
  maxWorkers: 2,
};
