import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { errorMessage } from '../runtime/errors.ts';

interface Connection {
  socket?: Socket;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  authHandlers: unknown;
  isConnected(): boolean;
  connect(): Promise<boolean>;
  processData(chunk: Buffer): void;
}
interface ConnectionClass {
  prototype: Partial<Connection> & { [patched]?: boolean };
}

const patched = Symbol.for('sluice.kafkajs.reconnect-cleaned');
/** Every answer begins with its size, an INT32. */
const SIZE_BYTES = 4;

/**
 * kafkajs 2.2.4 uses a connection object again after its socket died, and keeps what the old socket had sent: half an
 * answer, in front of the first of the new socket. From then on no answer is readable and every request runs into its
 * time-out. So each new socket begins with nothing buffered, and only the socket in use is heard. Does nothing where
 * kafkajs looks different.
 */
export function cleanReconnects(): void {
  let prototype: ConnectionClass['prototype'];
  try {
    const require = createRequire(import.meta.url);
    prototype = (require('kafkajs/src/network/connection.js') as ConnectionClass).prototype;
  } catch {
    return;
  }
  const { connect, processData } = prototype;
  if (connect === undefined || processData === undefined || prototype[patched] === true) return;
  prototype[patched] = true;
  prototype.connect = function (this: Connection): Promise<boolean> {
    if (this.isConnected()) return connect.call(this);
    forget(this);
    // The socket is made at once, before anything can arrive.
    const connected = connect.call(this);
    if (this.socket !== undefined) listen(this, this.socket);
    return connected;
  };
}

function forget(connection: Connection): void {
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = SIZE_BYTES;
  connection.authHandlers = null;
}

/** In place of kafkajs' own listener. */
function listen(connection: Connection, socket: Socket): void {
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => {
    if (connection.socket !== socket) return;
    try {
      connection.processData(chunk);
    } catch (error) {
      // Not an answer of Kafka: thrown from here it would end the process. As an error of the socket it costs a reconnect.
      socket.destroy(new Error(`the broker's answer is not readable: ${errorMessage(error)}`));
    }
  });
}
