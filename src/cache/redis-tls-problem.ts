import type { RedisAddress } from '../runtime/config/config.ts';
import type { Problem } from '../runtime/errors.ts';

/** OpenSSL's and Node's words for a certificate that is not trusted, and for one that is asked of us. */
const UNTRUSTED = /certificate|issuer|CERT_|self.signed/i;
const ALERT = /alert|handshake|wrong version number|packet length|unsupported protocol|EPROTO|SSL routines/i;
const HUNG_UP = /EPIPE|ECONNRESET|Connection is closed|isn't writeable|socket disconnected/;

/** What a failed connection says about TLS; null: nothing. */
export function tlsProblem(reason: string, { tls }: Pick<RedisAddress, 'tls'>): Problem | null {
  if (tls === null) return null;
  if (/does not match certificate/i.test(reason)) {
    return {
      message: `shows a certificate for another name: ${reason}`,
      remedy: 'Name the host in `url` as in its certificate, or give it a certificate for this name.',
    };
  }
  const wantsCertificate = tls.cert === null ? /certificate required|bad certificate/i : /unknown ca|bad certificate/i;
  if (wantsCertificate.test(reason)) return certificateWanted(reason);
  if (UNTRUSTED.test(reason) && !/alert/i.test(reason)) {
    return {
      message: `shows a certificate that is not trusted: ${reason}`,
      remedy: 'Name the authority that signed it in `tls.ca` of the target.',
    };
  }
  if (ALERT.test(reason)) {
    return {
      message: `does not speak TLS as expected: ${reason}`,
      remedy: 'Check `tls` of the target and the port: a server without TLS wants `redis://` and no `tls` section.',
    };
  }
  // TLS 1.3 refuses a client only after its greeting: all that is left of it may be a closed connection.
  return HUNG_UP.test(reason) ? { ...certificateWanted(reason), temporary: true } : null;
}

function certificateWanted(reason: string): Problem {
  return {
    message: `hangs up on our TLS connection: ${reason}`,
    remedy:
      'If it asks for a certificate of the client, configure `tls.cert` and `tls.key` of the target, signed by an authority it trusts. A proxy hangs up too while its Redis is down.',
  };
}
