import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { loadConfig } from '../../../src/runtime/config/load.ts';
import type { Config } from '../../../src/runtime/config/config.ts';
import { parseDuration } from '../../../src/runtime/config/units.ts';
import { containers, manifestFiles, manifests, read, sluiceServices, workloads } from './files.ts';

/** A configuration as its container sees it: where it is mounted, and with which environment. */
interface Deployed {
  readonly title: string;
  /** `run`, `capture` or `apply`. */
  readonly command: string;
  readonly config: string;
  /** Text of a file below /etc/sluice. */
  readonly mounted: (path: string) => string;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** Folders that can be written to and outlive the container. */
  readonly writable: readonly string[];
  readonly graceMs: number;
}

function fromCompose(): Deployed[] {
  return sluiceServices().map(([name, service]) => {
    const mounts = new Map((service.volumes ?? []).map((volume) => volume.split(':')).map(([from, to]) => [to, from]));
    return {
      title: `docker-compose.yml: ${name}`,
      command: service.command?.[0] ?? '',
      config: service.command?.at(-1) ?? '',
      // A folder of rules is mounted as a whole, with one file in it.
      mounted: (path) =>
        read(
          (mounts.get(path) ?? `${path} is not mounted`).replace('./', '') +
            (basename(path) === 'rules' ? '/rules.yaml' : ''),
        ),
      env: service.environment ?? {},
      secrets: [],
      writable: [...mounts].flatMap(([to, from]) => (from?.startsWith('.') ? [] : [to ?? ''])),
      graceMs: parseDuration(service.stop_grace_period ?? '10s') ?? 0,
    };
  });
}

function fromKubernetes(): Deployed[] {
  const [secret] = manifests('deploy/kubernetes/secret.example.yaml');
  return manifestFiles.flatMap((file) =>
    workloads(file).flatMap((workload) => {
      const { spec } = workload.spec.template;
      return containers(workload)
        .filter(({ image }) => image.startsWith('sluice:'))
        .map((container): Deployed => {
          const volumeAt = (path: string) =>
            spec.volumes.find(
              ({ name }) => name === container.volumeMounts?.find((each) => each.mountPath === path)?.name,
            );
          const map = volumeAt('/etc/sluice')?.configMap?.name;
          const data = manifests(file).find(
            ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === map,
          )?.data;
          return {
            title: `${file}: ${workload.metadata.name}`,
            command: container.args?.[0] ?? '',
            config: container.args?.at(-1) ?? '',
            mounted: (path) => data?.[basename(path)] ?? `${path} is not mounted`,
            env: Object.fromEntries(
              (container.env ?? []).map(({ name, value }) => [name, value ?? 'shop-app-7d9f-x2x9z']),
            ),
            secrets: Object.keys(secret?.stringData ?? {}).map((name) => `/run/secrets/sluice/${name}`),
            writable: (container.volumeMounts ?? [])
              .filter((each) => each.readOnly !== true)
              .map((each) => each.mountPath),
            graceMs: (spec.terminationGracePeriodSeconds ?? 30) * 1000,
          };
        });
    }),
  );
}

const deployed = [...fromCompose(), ...fromKubernetes()];

function load({ config, mounted, env, secrets }: Deployed) {
  const readFile = (path: string) => {
    if (!secrets.includes(path)) throw new Error(`${path} is no secret of the example`);
    return 'secret-of-the-example';
  };
  return loadConfig({ file: config, text: mounted(config), env, readFile });
}

const filesWritten = ({ checkpoint, deadLetters, audit }: Config): string[] => [
  ...(checkpoint.store === 'file' ? [checkpoint.path] : []),
  ...(deadLetters.kind === 'file' ? [deadLetters.path] : []),
  ...(audit === null ? [] : [audit.path]),
];

describe.each(deployed)('the configuration of $title', (each) => {
  it('is accepted by the daemon without a warning', () => {
    expect(load(each).warnings).toEqual([]);
  });

  it('names rules that are mounted beside it and accepted', () => {
    const [path = '', ...others] = load(each).config.rules;
    expect(others).toEqual([]);
    expect(dirname(path)).toBe('/etc/sluice');
    expect(loadRules([{ file: path, text: each.mounted(path) }]).rules.length).toBeGreaterThan(1);
  });

  it('fits the command it is for', () => {
    expect(load(each).config.transport.kind).toBe(each.command === 'run' ? 'in_process' : 'kafka');
  });

  it('keeps its files where they outlive the container', () => {
    for (const file of filesWritten(load(each).config)) {
      expect(each.writable.filter((folder) => folder !== '/tmp' && file.startsWith(`${folder}/`))).toHaveLength(1);
    }
  });

  it('is given more time to stop than it needs to drain', () => {
    expect(each.graceMs).toBeGreaterThan(load(each).config.shutdown.drainTimeoutMs + 5_000);
  });

  it('listens where probes and published ports come in', () => {
    expect(load(each).config.admin).toMatchObject({ host: '0.0.0.0', port: 8080 });
  });
});

it('finds the deployed configurations of all five ways to run', () => {
  expect(deployed.map(({ command }) => command).sort()).toEqual([
    ...['apply', 'apply', 'capture', 'capture', 'run', 'run', 'run'],
  ]);
});
