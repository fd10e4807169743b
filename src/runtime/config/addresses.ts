/**
 * Server addresses as URLs. User and password inside a URL are percent-encoded, as in any URL; messages never repeat
 * the URL, because a password may stand in it.
 */
export interface MysqlUrl {
  readonly host: string;
  readonly port: number | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
}

export interface RedisUrl {
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
  readonly tls: boolean;
}

/** The parts, or a sentence about what is wrong. */
export function parseMysqlUrl(text: string): MysqlUrl | string {
  const url = parse(text, ['mysql', 'mariadb']);
  if (typeof url === 'string') return url;
  return { ...url.login, host: url.host, port: url.port, database: url.path === '' ? null : url.path };
}

export function parseRedisUrl(text: string): RedisUrl | string {
  const url = parse(text, ['redis', 'rediss']);
  if (typeof url === 'string') return url;
  if (!/^\d*$/.test(url.path)) return 'the path of a Redis URL is the number of a database, such as /0';
  const { user: username, password } = url.login;
  const { host, port, scheme } = url;
  return { host, port: port ?? 6379, username, password, database: Number(url.path), tls: scheme === 'rediss' };
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/**
 * One of several servers that are found through each other: `host:port`, or a URL of nothing more. Login and database are
 * those of all of them, so they have a place of their own.
 */
export function parseRedisNode(text: string, defaultPort: number): RedisNode | string {
  const hasScheme = /^[a-z]+:\/\//i.test(text);
  const url = parse(hasScheme ? text : `redis://${text}`, ['redis', 'rediss']);
  if (typeof url === 'string') return hasScheme ? url : 'neither host:port nor a URL';
  if (url.login.user !== null || url.login.password !== null) {
    return 'a node has no login of its own; give `username` and `password` beside the list';
  }
  if (url.path !== '' && url.path !== '0') return 'a node has no database of its own';
  return { host: url.host, port: url.port ?? defaultPort, tls: url.scheme === 'rediss' };
}

interface Parts {
  readonly scheme: string;
  readonly host: string;
  readonly port: number | null;
  readonly login: { readonly user: string | null; readonly password: string | null };
  readonly path: string;
}

function parse(text: string, schemes: readonly string[]): Parts | string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'not a URL; characters such as @ / : # % in a password must be percent-encoded';
  }
  const scheme = url.protocol.slice(0, -1);
  if (!schemes.includes(scheme)) return 'a URL of another kind';
  if (url.hostname === '') return 'a URL without a host';
  // Parameters would be a second place for options. More often they are a password with a bare ? or # in it.
  if (url.search !== '' || url.hash !== '') {
    return 'a URL must not have ? or # here; in a password write %3F or %23, and give settings as options';
  }
  try {
    const decoded = (part: string) => (part === '' ? null : decodeURIComponent(part));
    return {
      scheme,
      host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? null : Number(url.port),
      login: { user: decoded(url.username), password: decoded(url.password) },
      path: decodeURIComponent(url.pathname.replace(/^\//, '')),
    };
  } catch {
    return 'a % in a URL must be followed by two hexadecimal digits; write %25 for % itself';
  }
}
