import { configJsonSchema } from './config-schema.ts';
import { configurationPage } from './configuration.ts';
import { errorsPage } from './errors.ts';
import { metricsPage } from './metrics.ts';
import { ruleTestsJsonSchema } from './rule-tests-schema.ts';
import { rulesJsonSchema } from './rules-schema.ts';
import { typesPage } from './types.ts';
import type { GeneratedFile } from './output.ts';

/** Everything that `npm run docs` writes. */
export const generatedFiles: readonly GeneratedFile[] = [
  { file: 'docs/configuration.md', render: configurationPage },
  { file: 'docs/errors.md', render: errorsPage },
  { file: 'docs/metrics.md', render: metricsPage },
  { file: 'docs/types.md', render: typesPage },
  { file: 'config/schema/sluice.schema.json', render: configJsonSchema },
  { file: 'config/schema/rules.schema.json', render: rulesJsonSchema },
  { file: 'config/schema/rule-tests.schema.json', render: ruleTestsJsonSchema },
];
