import type {Config} from 'jest';

const config: Config = {
  // Of their time the tests spend more than half in waiting, for processes and for clocks that cannot be scaled.
  maxWorkers: '100%',
  maxConcurrency: 8,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {'^(\\.{1,2}/.*)\\.js$': '$1'},
  roots: ['<rootDir>/test'],
  testTimeout: 20_000,
  transform: {'\\.ts$': ['ts-jest', {useESM: true, diagnostics: false}]},
};

export default config;
