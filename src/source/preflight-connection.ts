import type { MysqlAddress } from '../runtime/config/config.ts';
import { errorMessage, type Problem } from '../runtime/errors.ts';
import { describe } from './connection-settings.ts';
import { errorCode } from './source-errors.ts';

/** Which section of the configuration the address comes from. */
export type Section = 'source' | 'read';

const SERVERS: Readonly<Record<Section, string>> = { source: 'source', read: 'server for refresh queries' };

/** `source` stands for the section. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /ACCESS_DENIED|AUTH/,
    "Check source.user and source.password, and that the account may come from this host ('user'@'%').",
  ],
  [
    /SECURE_TRANSPORT/,
    'The server takes connections with TLS only: configure source.tls, with the `ca` of the server.',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'Check source.host: its name does not resolve here.'],
  [/ECONNREFUSED/, 'Check source.host and source.port: nothing listens there, or a firewall refuses.'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'Check source.host, source.port and the network: nobody answers.'],
  [
    /TLS|SSL|CERT|SELF_SIGNED|HANDSHAKE/,
    'Check source.tls: the certificate authority, the host name in the certificate, or whether the server has TLS.',
  ],
  [/TOO_MANY|CON_COUNT/, 'The server has no connection left: raise max_connections, or end what holds them.'],
];

/** An account that demands TLS (MariaDB: also a server that does), or a certificate, refuses as if the password were wrong. */
function demandOfTls({ tls }: MysqlAddress): string {
  if (tls === null) return 'Perhaps the server or the account demands TLS: then configure source.tls.';
  return tls.cert === null
    ? 'Perhaps the account demands a certificate (REQUIRE X509): then configure source.tls.cert and source.tls.key.'
    : '';
}

/** Nobody answered, or the server was just going or coming: the same address may answer in a moment. */
const AWAY =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|PROTOCOL_CONNECTION_LOST|SHUTDOWN|CON_COUNT|TOO_MANY/;

/** Names the address and the user, never the password. */
export function connectionProblem(section: Section, address: MysqlAddress, error: unknown): Problem {
  const code = errorCode(error);
  const known =
    REMEDIES.find(([pattern]) => pattern.test(code))?.[1] ?? 'Check the source section of the configuration.';
  const remedy = /ACCESS_DENIED/.test(code) ? `${known} ${demandOfTls(address)}`.trimEnd() : known;
  const reason = [code, errorMessage(error)].filter((part) => part !== '').join(': ');
  return {
    message: `cannot use the ${SERVERS[section]} ${describe(address)}: ${reason}`,
    remedy: section === 'source' ? remedy : remedy.replaceAll(/\bsource\b/g, section),
    ...(AWAY.test(code) ? { temporary: true } : {}),
  };
}
