import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { errorMessage } from '../runtime/errors.ts';

const KEEP_ALIVE_MS = 60_000;

/**
 * Sockets that ask before every write whether they still may, and end instead if not. Asking before `send` is not enough: an idempotent
 * producer of kafkajs has one request under way and keeps the others in queues of its own. A process that was stopped and woke
 * up would send them one after the other.
 */
export function fencedSocketFactory(permit: () => void): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    // As kafkajs does it. Without TLS `ssl` is null, whatever its types say.
    const serverName = isIP(host) === 0 ? { servername: host } : {};
    const secure = ssl as typeof ssl | null;
    const socket =
      secure === null
        ? connect({ host, port }, onConnect)
        : connectTls({ host, port, ...serverName, ...secure }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    fence(socket, permit);
    return socket;
  };
}

/** See fencedSocketFactory. */
export function fence(socket: Socket, permit: () => void): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]): boolean => {
    try {
      permit();
    } catch (error) {
      socket.destroy(new Error(errorMessage(error)));
      return false;
    }
    return write(...args);
  };
}
