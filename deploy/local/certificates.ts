/** Certificates for servers of a test, made when they are needed: none is ever kept, so none can run out. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceUnavailable } from './names.ts';
import { run, ToolFailed } from './run.ts';

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly server: KeyPair;
  /** For servers that ask their clients for a certificate; its name is `sluice`. */
  readonly client: KeyPair;
}

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** `hosts`: the names and addresses that the certificate of the server is for. */
export async function makeCertificates(
  folder: string,
  hosts: readonly string[] = ['127.0.0.1', 'localhost'],
): Promise<Certificates> {
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'openssl.cnf');
  await writeFile(config, configuration(hosts));
  const authority = { cert: join(folder, 'ca.pem'), key: join(folder, 'ca.key') };
  await openssl(['req', '-x509', ...request(config, 'Sluice tests'), '-keyout', authority.key, '-out', authority.cert]);
  return {
    ca: authority.cert,
    server: await signed({ folder, config, authority, name: 'server', subject: 'server of a test' }),
    client: await signed({ folder, config, authority, name: 'client', subject: 'sluice' }),
  };
}

interface Signing {
  readonly folder: string;
  readonly config: string;
  readonly authority: KeyPair;
  /** Of the files, and of the section with its extensions. */
  readonly name: 'server' | 'client';
  readonly subject: string;
}

async function signed({ folder, config, authority, name, subject }: Signing): Promise<KeyPair> {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const wish = join(folder, `${name}.csr`);
  await openssl(['req', '-new', ...request(config, subject), '-keyout', pair.key, '-out', wish]);
  const by = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', ...days];
  await openssl(['x509', '-req', '-in', wish, ...by, '-extfile', config, '-extensions', name, '-out', pair.cert]);
  return pair;
}

const days = ['-days', '7'];

/** Keys of an elliptic curve: made at once, where RSA takes up to a second. Not encrypted, as Kafka's PEM files must be. */
function request(config: string, subject: string): string[] {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  return [...key, ...days, '-config', config, '-subj', `/CN=${subject}`];
}

/** Complete, so that no configuration of the machine has a say. */
function configuration(hosts: readonly string[]): string {
  const names = hosts.map((host) => `${/^[\d.]+$|:/.test(host) ? 'IP' : 'DNS'}:${host}`);
  return `[req]
distinguished_name = subject
x509_extensions = authority
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = ${names.join(', ')}
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
`;
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await run(['openssl', ...args]);
  } catch (error) {
    if (!(error instanceof ToolFailed && error.missing)) throw error;
    throw new ServiceUnavailable(`${error.message}; servers with TLS need it: apt-get install openssl`);
  }
}
