import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const env = {
  object: 'process',
  property: 'env',
  message: 'Read it in cli/ or a main.ts and pass it on as a value.',
};
const exit = {
  object: 'process',
  property: 'exit',
  message: 'Only cli/ and a main.ts end the process.',
};

export default defineConfig(
  globalIgnores(['node_modules', '.llm-ops']),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true } } },
  {
    rules: {
      'max-lines': ['error', { max: 400 }],
      'no-console': 'error',
      'no-restricted-properties': ['error', env, exit],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  // The edges of the program: here the environment is read, the process ends, and (in the command line) something is printed.
  {
    files: ['src/cli/**', 'src/**/main.ts', 'bench/main.ts', 'bench/**/main.ts', 'test/**'],
    rules: { 'no-console': 'off', 'no-restricted-properties': 'off' },
  },
  // node:test's describe and it return promises that the runner awaits itself.
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['describe', 'it', 'test', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  // Settings of tools are no part of the program: no types are known of them.
  {
    files: ['*.js', '*.cjs', '.*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { module: 'writable' } },
  },
);
