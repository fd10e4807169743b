import type { Problem } from '../runtime/errors.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { classifyKafkaError, describeKafkaError } from './kafka-errors.ts';

/** Why the brokers cannot be used at all. Names the user, never the password. */
export function connectionProblem(connection: KafkaConnection, error: unknown): Problem {
  const place = `Kafka at ${connection.brokers.join(', ')}`;
  const reason = describeKafkaError(error).trim();
  const { sasl } = connection;
  if (classifyKafkaError(error) === 'permanent') {
    const user = sasl === null ? '' : ` for user ${sasl.username} (${sasl.mechanism})`;
    return {
      message: `${place} refuses the login${user}: ${reason}`,
      remedy: 'Correct `transport.sasl`: mechanism, username and password must be known to the brokers.',
    };
  }
  return { message: `${place} does not answer: ${reason}`, remedy: remedyFor(connection, reason) };
}

/** OpenSSL's names of what the broker says about our certificate: none, or one of an authority it does not know. */
const ABOUT_OURS = /alert (bad certificate|certificate required|certificate unknown|unknown ca|handshake failure)/;

function remedyFor({ tls, sasl }: KafkaConnection, reason: string): string {
  if (tls === null) {
    return 'Correct `transport.brokers`, start the brokers, or configure `transport.tls` if they expect TLS.';
  }
  if (/does not match certificate/.test(reason)) {
    return 'Name the brokers in `transport.brokers` as in their certificates; `advertised.listeners` must do so too.';
  }
  if (ABOUT_OURS.test(reason)) {
    return 'The brokers ask for a certificate: configure `transport.tls.cert` and `transport.tls.key`, signed by an authority they trust.';
  }
  if (/certificate|issuer/i.test(reason)) return 'Name the authority that signed it in `transport.tls.ca`.';
  if (sasl === null && /closed/i.test(reason)) {
    return 'Correct `transport.brokers`, check `transport.tls`, or configure `transport.sasl` if the brokers expect a login.';
  }
  return 'Correct `transport.brokers`, start the brokers, or check `transport.tls`.';
}
