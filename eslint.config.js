import { readdirSync } from 'node:fs';
import { URL } from 'node:url';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which folder of src may import which client library: one technology, one room. */
const CLIENTS = {
  source: ['@vlasky/zongji', 'mysql2', 'mysql2/promise'],
  transport: ['kafkajs', '@platformatic/kafka'],
  cache: ['ioredis'],
  'runtime/config': ['yaml', 'zod'],
};
const STAGES = ['source', 'decode', 'rules', 'transport', 'worker', 'cache', 'progress'];

/** There the stages meet: the files directly in src, but for the interfaces, and the folders that carry those files out. */
const ROOT_FOLDERS = ['capture', 'cli', 'letters', 'live-rules', 'rule-tests'];
const ROOTS = [
  ...readdirSync(new URL('src', import.meta.url)).filter((file) => file.endsWith('.ts') && file !== 'ports.ts'),
  ...ROOT_FOLDERS.map((folder) => `${folder}/**`),
];
/** From however deep in its folder a file looks out. */
const UP = ['..', '../..', '../../..', '../../../..'];

/** A stage imports model/, ports.ts and runtime/; stages meet only in the composition roots. */
const stageRule = (stage) => ({
  files: [`src/${stage}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: Object.entries(CLIENTS)
          .filter(([home]) => home !== stage && home !== 'runtime/config')
          .flatMap(([home, names]) => names.map((name) => ({ name, message: `only src/${home} may import ${name}` }))),
        patterns: [
          ...STAGES.filter((other) => other !== stage).map((other) => ({
            group: UP.map((up) => `${up}/${other}/**`),
            message: 'stages meet only in the composition roots (capture.ts, apply.ts)',
          })),
          {
            group: UP.flatMap((up) => ROOTS.map((root) => `${up}/${root}`)),
            message: 'a stage never imports its root',
          },
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.services/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'error',
      'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    // The clock, the environment and the terminal are ports: only the edges touch them.
    files: ['src/**/*.ts'],
    ignores: ['src/runtime/**', 'src/cli/**', 'src/main.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'take the Clock port' },
        { object: 'process', property: 'env', message: 'only runtime/, cli/ and main.ts read the environment' },
      ],
    },
  },
  {
    files: ['model', 'runtime', ...ROOT_FOLDERS].map((folder) => `src/${folder}/**/*.ts`).concat('src/*.ts'),
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: Object.entries(CLIENTS)
            .filter(([home]) => home !== 'runtime/config')
            .flatMap(([home, names]) =>
              names.map((name) => ({ name, message: `only src/${home} may import ${name}` })),
            ),
        },
      ],
    },
  },
  ...STAGES.map(stageRule),
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
);
