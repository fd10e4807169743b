import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compose, repository, sluiceServices } from './files.ts';

const services = Object.entries(compose().services);

describe.each(services)('the compose service %s', (_name, service) => {
  it('publishes its ports on the loopback address only', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  });

  it('has a health check, so that --wait and depends_on know when it is there', () => {
    expect(service.healthcheck?.test[0]).toMatch(/^CMD/);
    expect(service.healthcheck?.start_period).toBeDefined();
  });

  it('waits until what it depends on is healthy', () => {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose().services).toHaveProperty(name);
      expect(condition).toBe('service_healthy');
    }
  });

  it('mounts files of the checkout that exist, and volumes that are declared', () => {
    for (const [from = ''] of (service.volumes ?? []).map((volume) => volume.split(':'))) {
      if (from.startsWith('./')) expect(existsSync(`${repository}${from}`)).toBe(true);
      else expect(compose().volumes).toHaveProperty(from);
    }
  });
});

describe.each(sluiceServices())('the compose service %s, a Sluice', (_name, service) => {
  it('has no right it does not need', () => {
    expect(service).toMatchObject({
      user: '1000:1000',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.tmpfs?.[0]).toMatch(/^\/tmp:/);
  });

  it('asks for readiness, not only for life', () => {
    expect(service.healthcheck?.test).toEqual(['CMD', 'node', '/app/healthcheck.js', '/readyz']);
  });
});

it('starts `sluice run` by default, and capture with two workers only with the profile kafka', () => {
  const found = sluiceServices().map(([name, { profiles, command, scale }]) => [name, command?.[0], profiles, scale]);
  expect(found).toEqual([
    ['sluice', 'run', undefined, undefined],
    ['capture', 'capture', ['kafka'], undefined],
    ['apply', 'apply', ['kafka'], 2],
  ]);
});

it('starts MySQL with the settings that the preflight asks for', () => {
  expect(compose().services['mysql']?.command).toEqual(
    expect.arrayContaining([
      '--log-bin=binlog',
      '--binlog-format=ROW',
      '--binlog-row-image=FULL',
      '--binlog-row-metadata=FULL',
      '--gtid-mode=ON',
    ]),
  );
});
