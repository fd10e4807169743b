import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuditTrail } from './audit-trail.ts';
import { parseFilter } from './audit-filter.ts';
import { errorMessage } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Empty when ready, else every reason why not. */
  readonly notReady: () => Promise<string[]>;
  readonly audit: AuditTrail | null;
  readonly logger: Logger;
}

type Route = (url: URL, response: ServerResponse, request: IncomingMessage) => Promise<void> | void;

/** `/livez`, `/readyz`, `/metrics` and the stream behind `sluice tail`. Reads only; bound to loopback unless told. */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #server: Server;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#routes = new Map<string, Route>([
      ['/livez', (_url, response) => sendJson(response, 200, { status: 'alive' })],
      ['/readyz', (_url, response) => this.#readiness(response)],
      ['/metrics', (_url, response) => this.#metrics(response)],
      ['/v1/invalidations', (url, response, request) => this.#tail(url, response, request)],
    ]);
  }

  /** Resolves with the address once connections are accepted. */
  async listen(): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, this.#options.host, resolve);
    });
    return { host: this.#options.host, port: (this.#server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('allow', 'GET, HEAD');
        sendJson(response, 405, { error: 'only GET and HEAD are answered' });
        return;
      }
      const url = new URL(request.url ?? '/', 'http://admin');
      const route = this.#routes.get(url.pathname);
      if (route === undefined) sendJson(response, 404, { error: 'not found', routes: [...this.#routes.keys()] });
      else await route(url, response, request);
    } catch (error) {
      this.#options.logger.warn({ err: errorMessage(error) }, 'admin request failed');
      if (!response.headersSent) sendJson(response, 400, { error: 'the request could not be answered' });
      else response.destroy();
    }
  }

  async #readiness(response: ServerResponse): Promise<void> {
    const reasons = await this.#options.notReady();
    sendJson(response, reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
  }

  async #metrics(response: ServerResponse): Promise<void> {
    const text = await this.#options.metrics.text();
    response.writeHead(200, { 'content-type': this.#options.metrics.contentType }).end(text);
  }

  #tail(url: URL, response: ServerResponse, request: IncomingMessage): void {
    const { audit } = this.#options;
    if (audit === null) {
      sendJson(response, 404, { error: 'this process applies nothing; tail the Kafka topic or an apply worker' });
      return;
    }
    const filter = parseFilter(url.searchParams);
    if (typeof filter === 'string') {
      sendJson(response, 400, { error: filter });
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.flushHeaders();
    const unsubscribe = audit.subscribe(filter, (line) => {
      // A reader that does not keep up is cut off rather than buffered without end (I8).
      if (response.writableLength > 8 * 1024 * 1024) response.destroy();
      else response.write(`${line}\n`);
    });
    request.once('close', unsubscribe);
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
