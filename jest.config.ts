import type {Config} from 'jest';

const config: Config = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {'^(\\.{1,2}/.*)\\.js$': '$1'},
  roots: ['<rootDir>/test'],
  testTimeout: 20_000,
  transform: {'\\.ts$': ['ts-jest', {useESM: true, diagnostics: false}]},
};

export default config;
