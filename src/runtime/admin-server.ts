import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyRefusal, mayChange, type Refusal } from './admin-access.ts';
import type { AuditTrail } from './audit-trail.ts';
import { parseFilter } from './audit-filter.ts';
import { errorMessage, type Problem } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What a request that changes something must carry; null: there are no such requests. */
  readonly token: string | null;
  readonly metrics: Metrics;
  /** Empty when ready, else every reason why not. */
  readonly notReady: () => Promise<string[]>;
  readonly audit: AuditTrail | null;
  readonly rules: RulesAdmin;
  readonly logger: Logger;
  readonly limits?: Partial<AdminLimits>;
}

/** What one process spends on strangers. */
export interface AdminLimits {
  /** How long the headers of a request may take, ms; the whole of it may take twice as long. */
  readonly headersTimeoutMs: number;
  readonly maxConnections: number;
  /** Streams of `sluice tail`: fewer than connections, so that probes and scrapes always find a place. */
  readonly maxTails: number;
}

const LIMITS: AdminLimits = { headersTimeoutMs: 5_000, maxConnections: 128, maxTails: 32 };
const MAX_HEADER_BYTES = 16 * 1024;

/** The rules in force, as the routes need them. */
export interface RulesAdmin {
  describe(): object;
  /** Null: the daemon stops and reloads nothing any more. */
  reload(): Promise<{ readonly outcome: string; readonly hash: string; readonly problems: readonly Problem[] } | null>;
  /** What `/readyz` says beside its answer, because it makes nothing unready: the rule files are refused. */
  notes(): readonly string[];
}

type Handler = (url: URL, response: ServerResponse) => Promise<void> | void;

/** What is answered to which methods; GET answers HEAD as well. */
interface Route {
  readonly methods: readonly string[];
  /** It changes something: only with the token. */
  readonly changes: boolean;
  readonly answer: Handler;
}

const get = (answer: Handler): Route => ({ methods: ['GET', 'HEAD'], changes: false, answer });
const post = (answer: Handler): Route => ({ methods: ['POST'], changes: true, answer });

/**
 * `/livez`, `/readyz`, `/metrics`, the rules, and the stream behind `sluice tail`. The only thing it can be told to do is
 * to read the rule files again, by whoever has the token. Looking needs no login: bound to loopback unless told.
 */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #limits: AdminLimits;
  readonly #server: Server;
  readonly #routes: ReadonlyMap<string, Route>;
  #tails = 0;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#server = createServer(
      serverOptions(this.#limits),
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = this.#limits.maxConnections;
    this.#routes = new Map<string, Route>([
      ['/livez', get((_url, response) => sendJson(response, 200, { status: 'alive' }))],
      ['/readyz', get((_url, response) => this.#readiness(response))],
      ['/metrics', get((_url, response) => this.#metrics(response))],
      ['/v1/invalidations', get((url, response) => this.#tail(url, response))],
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
        const refusal = bodyRefusal(request) ?? (route.changes ? mayChange(this.#options.token, request) : null);
        if (refusal === null) await route.answer(url, response);
        else this.#refuse(refusal, request, response);
      }
    } catch (error) {
      this.#options.logger.warn({ err: errorMessage(error) }, 'admin request failed');
      if (!response.headersSent) sendJson(response, 400, { error: 'the request could not be answered' });
      else response.destroy();
    }
  }

  #refuse({ status, error, headers = {} }: Refusal, request: IncomingMessage, response: ServerResponse): void {
    const from = request.socket.remoteAddress;
    this.#options.logger.warn({ from, status, error }, 'admin request refused');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendJson(response, status, { error });
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

  #tail(url: URL, response: ServerResponse): void {
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
    if (this.#tails >= this.#limits.maxTails) {
      sendJson(response, 503, { error: `${this.#tails} readers follow already; there are no more` });
      return;
    }
    this.#tails += 1;
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.flushHeaders();
    const unsubscribe = audit.subscribe(filter, (line) => {
      // A reader that does not keep up is cut off rather than buffered without end (I8).
      if (response.writableLength > 8 * 1024 * 1024) response.destroy();
      else response.write(`${line}\n`);
    });
    response.once('close', () => {
      this.#tails -= 1;
      unsubscribe();
    });
  }
}

/** Whoever sends a request slowly, or never the end of it, holds a connection for seconds and not for ever. */
function serverOptions({ headersTimeoutMs }: AdminLimits): ServerOptions {
  return {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 2 * headersTimeoutMs,
    keepAliveTimeout: headersTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
  };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
