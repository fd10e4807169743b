/** Kafka's own jars, from the Maven repository the machine is set up for. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { kafkaVersion } from './kafka-settings.ts';
import { ServiceUnavailable, type Progress } from './names.ts';
import { withProgress } from './progress.ts';
import { run, ToolFailed } from './run.ts';

export async function kafkaClassPath(progress: Progress): Promise<string> {
  try {
    await run(['java', '-version']);
    const folder = await cached(`kafka-${kafkaVersion}`, (unfinished) => download(unfinished, progress));
    return join(folder, '*');
  } catch (error) {
    if (!(error instanceof ToolFailed && error.missing)) throw error;
    throw new ServiceUnavailable(`${error.message}; it needs Java 17 or later, and Maven for the first download`);
  }
}

async function download(folder: string, progress: Progress): Promise<void> {
  const pom = join(folder, 'pom.xml');
  const maven = join(folder, 'maven');
  await writeFile(pom, project);
  await withProgress(progress, `kafka: downloading 43 MB`, () =>
    run([
      'mvn',
      '-q',
      '-B',
      '-f',
      pom,
      // Not the user's own repository: it may not be writable, and nothing else would use what we put there.
      `-Dmaven.repo.local=${maven}`,
      `-DoutputDirectory=${folder}`,
      'dependency:copy-dependencies',
    ]),
  );
  await rm(maven, { recursive: true, force: true });
}

const dependency = (group: string, artifact: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const project = `<project>
<modelVersion>4.0.0</modelVersion>
<groupId>sluice</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', kafkaVersion)}
${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
</dependencies>
</project>
`;
