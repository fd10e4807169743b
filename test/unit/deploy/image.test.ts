import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { read, repository } from './files.ts';

/** The instructions, with continued lines joined. */
const instructions = read('deploy/docker/Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '');
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
const last = (name: string): string =>
  lastStage.findLast((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? '';

describe('the Dockerfile', () => {
  it('builds in one stage and runs in another, as an account that Kubernetes can see is not root', () => {
    expect(instructions.filter((line) => line.startsWith('FROM '))).toHaveLength(2);
    expect(last('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('starts the daemon below an init, because process 1 ignores a signal that is raised again', () => {
    expect(JSON.parse(last('ENTRYPOINT'))).toEqual(['/usr/bin/tini', '--', 'node', '/app/dist/main.js']);
    expect(JSON.parse(last('CMD'))).toEqual(['run', '--config', '/etc/sluice/sluice.yaml']);
  });

  it('calls the container unhealthy when the daemon hangs, not when a server is away', () => {
    expect(last('HEALTHCHECK')).toContain('"/livez"');
  });

  it('copies only files that exist and that .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect([...copied].sort()).toEqual([...allowed].sort());
    for (const path of copied) expect(existsSync(`${repository}${path}`)).toBe(true);
    expect(read('.dockerignore').split('\n')).toContain('*');
  });

  it('puts no secret into a layer', () => {
    expect(instructions.filter((line) => /^(ARG|ENV) .*(PASS|SECRET|TOKEN|KEY)/i.test(line))).toEqual([]);
  });
});

describe('the health check of the image', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function check(status: number | null, path: string): Promise<{ code: number | null; output: string }> {
    server = createServer((request, response) => {
      response.writeHead(request.url === path ? (status ?? 500) : 404).end('{"ready":false,"reasons":["no source"]}');
    });
    const { port } = await new Promise<AddressInfo>((resolve) =>
      server?.listen(0, '127.0.0.1', () => resolve(server?.address() as AddressInfo)),
    );
    if (status === null) await new Promise((resolve) => server?.close(resolve));
    const child = spawn(process.execPath, [`${repository}deploy/docker/healthcheck.js`, path], {
      env: { SLUICE_ADMIN_PORT: String(port) },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output };
  }

  it('succeeds when the daemon answers 200', async () => {
    expect((await check(200, '/livez')).code).toBe(0);
  });

  it('fails and shows the answer when the daemon is not ready', async () => {
    expect(await check(503, '/readyz')).toEqual({ code: 1, output: expect.stringContaining('no source') as string });
  });

  it('fails when nobody listens', async () => {
    expect(await check(null, '/livez')).toEqual({ code: 1, output: expect.stringContaining('ECONNREFUSED') as string });
  });
});
