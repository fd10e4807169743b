/** Kafka that lets nobody in without TLS: its listeners, its logins and its access control, as properties. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificates } from './certificates.ts';

export interface KafkaSecurity {
  readonly certificates: Certificates;
  /** The brokers ask for a certificate of the client. */
  readonly clientCertificate?: boolean;
  /** Name → password, known to PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. Left out: TLS without a login. */
  readonly users?: Readonly<Record<string, string>>;
}

/** The listener for clients, beside which an open one stays for the brokers themselves and for whoever sets them up. */
export function clientProtocol({ users }: KafkaSecurity): 'SSL' | 'SASL_SSL' {
  return users === undefined ? 'SSL' : 'SASL_SSL';
}

export async function securityProperties(folder: string, security: KafkaSecurity): Promise<Record<string, string>> {
  const { certificates, clientCertificate = false, users } = security;
  const listener = `listener.name.${clientProtocol(security).toLowerCase()}`;
  const keystore = join(folder, 'keystore.pem');
  const { key, cert } = certificates.server;
  await writeFile(keystore, (await Promise.all([readFile(key, 'utf8'), readFile(cert, 'utf8')])).join(''));
  return {
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL',
    'inter.broker.listener.name': 'INTERNAL',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // Whoever comes without a login: the brokers, the controllers and the tests that grant rights.
    'super.users': 'User:ANONYMOUS',
    [`${listener}.ssl.keystore.type`]: 'PEM',
    [`${listener}.ssl.keystore.location`]: keystore,
    [`${listener}.ssl.truststore.type`]: 'PEM',
    [`${listener}.ssl.truststore.location`]: certificates.ca,
    [`${listener}.ssl.client.auth`]: clientCertificate ? 'required' : 'none',
    ...(users === undefined ? {} : saslProperties(listener, users)),
  };
}

function saslProperties(listener: string, users: Readonly<Record<string, string>>): Record<string, string> {
  const plain = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return {
    [`${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`${listener}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required ${plain.join(' ')};`,
    [`${listener}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${listener}.scram-sha-512.sasl.jaas.config`]: scram,
  };
}

/** SCRAM's are kept in the cluster's own metadata, which the formatting of the data folder begins. */
export function scramUsers({ users = {} }: KafkaSecurity): string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
}
