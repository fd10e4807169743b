import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuditTrail } from './audit-trail.ts';
import { parseFilter } from './audit-filter.ts';
import { errorMessage, type Problem } from './errors.ts';
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
  readonly rules: RulesAdmin;
  readonly logger: Logger;
}

/** The rules in force, as the routes need them. */
export interface RulesAdmin {
  describe(): object;
  /** Null: the daemon stops and reloads nothing any more. */
  reload(): Promise<{ readonly outcome: string; readonly hash: string; readonly problems: readonly Problem[] } | null>;
  /** What `/readyz` says beside its answer, because it makes nothing unready: the rule files are refused. */
  notes(): readonly string[];
}

type Handler = (url: URL, response: ServerResponse, request: IncomingMessage) => Promise<void> | void;

/** What is answered to which methods; GET answers HEAD as well. */
interface Route {
  readonly methods: readonly string[];
  readonly answer: Handler;
}

const get = (answer: Handler): Route => ({ methods: ['GET', 'HEAD'], answer });
const post = (answer: Handler): Route => ({ methods: ['POST'], answer });

/**
 * `/livez`, `/readyz`, `/metrics`, the rules, and the stream behind `sluice tail`. The only thing it can be told to do is
 * to read the rule files again. There is no login: bound to loopback unless told.
 */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #server: Server;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#routes = new Map<string, Route>([
      ['/livez', get((_url, response) => sendJson(response, 200, { status: 'alive' }))],
      ['/readyz', get((_url, response) => this.#readiness(response))],
      ['/metrics', get((_url, response) => this.#metrics(response))],
      ['/v1/invalidations', get((url, response, request) => this.#tail(url, response, request))],
      ['/v1/rules', get((_url, response) => sendJson(response, 200, options.rules.describe()))],
      ['/v1/rules/reload', post((_url, response) => this.#reload(response))],
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
      const url = new URL(request.url ?? '/', 'http://admin');
      const route = this.#routes.get(url.pathname);
      if (route === undefined) {
        sendJson(response, 404, { error: 'not found', routes: [...this.#routes.keys()] });
      } else if (!route.methods.includes(request.method ?? '')) {
        response.setHeader('allow', route.methods.join(', '));
        sendJson(response, 405, { error: `this is answered to ${route.methods.join(' and ')} only` });
      } else {
        await route.answer(url, response, request);
      }
    } catch (error) {
      this.#options.logger.warn({ err: errorMessage(error) }, 'admin request failed');
      if (!response.headersSent) sendJson(response, 400, { error: 'the request could not be answered' });
      else response.destroy();
    }
  }

  async #readiness(response: ServerResponse): Promise<void> {
    const reasons = await this.#options.notReady();
    const notes = this.#options.rules.notes();
    const ready = reasons.length === 0;
    sendJson(response, ready ? 200 : 503, { ready, reasons, ...(notes.length === 0 ? {} : { notes }) });
  }

  /** 200: in force, or was already. 422: refused, the old rules stay. 409: too late, the daemon stops. */
  async #reload(response: ServerResponse): Promise<void> {
    const result = await this.#options.rules.reload();
    if (result === null) sendJson(response, 409, { error: 'the daemon stops; its next start reads the rules' });
    else if (result.outcome === 'refused') sendJson(response, 422, result);
    else sendJson(response, 200, { outcome: result.outcome, hash: result.hash });
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
