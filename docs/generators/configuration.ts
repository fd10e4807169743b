import { z } from 'zod';
import { listOptions, type Option } from '../../src/runtime/config/options.ts';
import { configSchema } from '../../src/runtime/config/schema.ts';
import { GENERATED, table } from './markdown.ts';

const INTRODUCTION = `
# Configuration

Sluice reads one YAML file: the one named with \`--config FILE\` or \`SLUICE_CONFIG\`, else \`./sluice.yaml\`, else
\`/etc/sluice/sluice.yaml\`. [\`config/sluice.example.yaml\`](../config/sluice.example.yaml) is a beginning, and
[\`config/sluice.kafka.example.yaml\`](../config/sluice.kafka.example.yaml) one with Kafka. Without any file the environment
alone may say everything. \`sluice check\` lists every problem with its place and its remedy, and starts nothing.

- An option that does not exist is refused. What is **required** in a section that may be left out (\`tls\`, \`sasl\`,
  \`audit\`, the forms of \`source.start\`) is required once the section is there. A section with nothing in it (\`log:\`) counts as not written.
- **Durations**: \`500ms\`, \`10s\`, \`5m\`, \`2h\`, \`7d\`. **Sizes**: \`64KiB\`, \`16MiB\`, \`1GiB\`, or plain bytes.
- **Paths** are relative to the folder of the configuration file (without a file: to the working directory), also
  when they come from the environment.
- **References** in any text value: \`\${NAME}\` and \`\${NAME:-default}\` are taken from the environment,
  \`\${file:/run/secrets/name}\` from a file (one newline at the end is cut off). They are expanded after the YAML is
  read, so a secret may hold any character; in the \`user:password@\` part of a URL it is percent-encoded on the way in.
  A plain \`\${\` is written \`$\${\`. Expanded values are never shown in messages.
- **Environment variables** win over the file. Every option has one, named in the tables; \`<n>\` is the index of a list
  item, from 0. Their values are taken literally, without references; lists are written \`a,b\` or \`[a, b]\`. An empty
  variable counts as not set. A \`SLUICE_…\` variable that belongs to no option is reported as a warning and ignored.
`;

export function configurationPage(): string {
  const options = listOptions();
  const sections = [...new Set(options.map(({ path }) => path[0] ?? ''))];
  const plain = options.filter(({ path }) => path.length === 1);
  const parts = sections.flatMap((name) => {
    const own = options.filter(({ path }) => path.length > 1 && path[0] === name);
    return own.length === 0 ? [] : [`## ${name}`, sectionDescription(name), ...tables(own)];
  });
  return [GENERATED, INTRODUCTION, '## General', ...tables(plain), ...parts, ''].join('\n\n');
}

/** One table for what a section always has, and one for each of its variants (`kind: kafka`). */
function tables(options: readonly Option[]): string[] {
  const variants = [...new Set(options.map(({ variant }) => variant))];
  return variants.flatMap((variant) => {
    const own = options.filter((option) => option.variant === variant);
    return [...(variant === undefined ? [] : [`With \`${variant}\`:`]), optionTable(own)];
  });
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map((option) => [
    `\`${option.path.join('.').replaceAll('.*', '[]')}\``,
    `\`${option.env}\``,
    option.type,
    option.default ?? '**required**',
    option.description,
  ]);
  return table(['Option', 'Environment variable', 'Type', 'Default', 'Meaning'], rows);
}

function sectionDescription(name: string): string {
  const schema = (configSchema.shape as Record<string, z.core.$ZodType>)[name];
  return (schema === undefined ? undefined : z.globalRegistry.get(schema)?.description) ?? '';
}
