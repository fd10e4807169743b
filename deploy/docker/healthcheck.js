/**
 * Asks the daemon in the same container: `node healthcheck.js /livez` or `/readyz`; exit code 0 or 1, and the answer on
 * standard output, where `docker inspect` shows it. The port is SLUICE_ADMIN_PORT as for the daemon: whoever changes the
 * port in a container changes it there, not in the configuration file, which this script does not read.
 */
import { get } from 'node:http';
import process from 'node:process';

const path = process.argv[2] ?? '/livez';
const port = Number(process.env.SLUICE_ADMIN_PORT || 8080);

const request = get({ host: '127.0.0.1', port, path, timeout: 4000 }, (response) => {
  response.pipe(process.stdout);
  response.on('end', () => {
    process.exitCode = response.statusCode === 200 ? 0 : 1;
  });
});
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', (error) => {
  process.stdout.write(`${error.message}\n`);
  process.exitCode = 1;
});
