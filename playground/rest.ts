/** @file The HTTP side: every request passes recorder, faults, token, rate limit, validation, route, and back. */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DiscordError, refuse } from './discord-error.ts';
import type { FaultRules, RequestFault, WireAnswer } from './faults.ts';
import { faultAnswer } from './faults.ts';
import type { FileStore } from './files.ts';
import type { RestRequest, Route } from './http.ts';
import { createRouteTable, parseBody, readBody } from './http.ts';
import type { RateLimiter } from './rate-limits.ts';
import type { Recorder, RestEntry } from './recorder.ts';
import type { Violation, WireValidator } from './violations.ts';
import { formErrorsOf } from './violations.ts';
import type { World } from './world.ts';

/** What the HTTP side is built from. */
export interface RestParts {
  world: World;
  files: FileStore;
  routes: Route[];
  recorder: Recorder;
  faults: FaultRules;
  limiter: RateLimiter;
  validator: WireValidator | undefined;
  violations: Violation[];
}

const API = /^\/api(?:\/v10)?(\/.*)$/;
const CDN = /^\/cdn(\/.*)$/;

type OpenEntry = Omit<RestEntry, 'seq' | 'at'>;

/** Answers one request: what to send, or nothing when a fault cut the connection. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  entry: OpenEntry;
  url: URL;
}

/** Builds the listener for the API and CDN port. */
export function createRestListener(parts: RestParts): RequestListener {
  const table = createRouteTable(parts.routes);

  async function listen(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const isCdn = CDN.test(url.pathname);
    const started = performance.now();
    const entry = parts.recorder.add({
      kind: isCdn ? 'cdn' : 'rest',
      method: request.method ?? 'GET',
      path: isCdn ? url.pathname : (API.exec(url.pathname)?.[1] ?? url.pathname),
      query: url.search,
      authorized: request.headers.authorization !== undefined,
      body: undefined,
      files: [],
      status: null,
      response: undefined,
      fault: null,
      durationMs: 0,
    } satisfies OpenEntry as OpenEntry);
    const exchange: Exchange = { request, response, entry, url };
    const bytes = await readBody(request);
    const fault = parts.faults.take(entry.method, entry.path);
    entry.fault = fault?.kind ?? null;
    if (fault && !fault.executed) await describeRequest(exchange, bytes).catch(() => undefined);
    if (fault && !(await beforeFault(exchange, fault))) return;
    const replaced = fault && !fault.executed ? faultAnswer(fault) : undefined;
    if (replaced && fault?.kind === 'expired-token') revokeToken(parts.world, entry.path);
    const answer =
      replaced ?? (isCdn ? serveFile(parts.files, url) : await serveApi(exchange, bytes));
    if (!fault?.executed || !afterFault(exchange, fault, answer)) {
      write(exchange, (fault?.executed && faultAnswer(fault)) || answer);
    }
    entry.durationMs = performance.now() - started;
    parts.world.touch();
  }

  async function serveApi(exchange: Exchange, bytes: Buffer): Promise<WireAnswer> {
    const headers: Record<string, string> = {};
    try {
      return await runRoute(exchange, bytes, headers);
    } catch (error) {
      if (error instanceof DiscordError) {
        checkOwnAnswer(exchange.entry, 'refusal', error.status, error.toBody());
        return json(error.status, error.toBody(), headers);
      }
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(
        `playground: ${exchange.entry.method} ${exchange.entry.path}: ${message}\n`,
      );
      return json(500, { message: '500: Internal Server Error', code: 0 }, headers);
    }
  }

  async function runRoute(
    exchange: Exchange,
    bytes: Buffer,
    headers: Record<string, string>,
  ): Promise<WireAnswer> {
    const { request, entry, url } = exchange;
    const { route, params } = table.match(entry.method, entry.path);
    const { body, files } = await describeRequest(exchange, bytes);
    const { authorization } = request.headers;
    if (route.needsToken && authorization !== `Bot ${parts.world.application.token}`) {
      throw refuse.unauthorized();
    }
    const name = `${route.method} ${route.template}`;
    const isCallback = route.template.startsWith('/interactions/');
    if (!isCallback) {
      const limited = parts.limiter.count(name, majorOf(params), route.needsToken);
      Object.assign(headers, limited.headers);
      if (limited.refusal) return limited.refusal;
    }
    const problems = parts.validator?.validateRequest(entry.method, entry.path, body) ?? [];
    if (problems.length > 0) {
      parts.violations.push({
        by: 'bot',
        route: name,
        at: parts.world.clock.now(),
        problems,
        body,
      });
      throw new DiscordError(400, 50035, 'Invalid Form Body', formErrorsOf(problems));
    }
    const restRequest: RestRequest = {
      method: entry.method,
      params,
      query: url.searchParams,
      body,
      files,
    };
    const reply = await route.handle(restRequest);
    checkOwnAnswer(entry, name, reply.status, reply.body);
    return json(reply.status, reply.body, headers);
  }

  /** Holds the playground's own answer against the description. */
  function checkOwnAnswer(entry: OpenEntry, route: string, status: number, body: unknown): void {
    const plain = toPlain(body);
    const problems =
      parts.validator?.validateResponse(entry.method, entry.path, status, plain) ?? [];
    if (problems.length === 0) return;
    parts.violations.push({
      by: 'playground',
      route,
      at: parts.world.clock.now(),
      problems,
      body: plain,
    });
  }

  return (request, response) => {
    listen(request, response).catch((error: unknown) => {
      if (error instanceof DiscordError && !response.headersSent) {
        response.writeHead(error.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(error.toBody()));
      } else response.destroy();
    });
  };
}

/** Parses the body and writes it into the log. */
async function describeRequest({ request, entry }: Exchange, bytes: Buffer) {
  const parsed = await parseBody(bytes, request.headers['content-type']);
  entry.body = parsed.body;
  entry.files = parsed.files.map((file) => ({
    field: file.field,
    filename: file.filename,
    contentType: file.contentType,
    sizeBytes: file.bytes.length,
  }));
  return parsed;
}

/** @returns false when the fault has ended the exchange already */
async function beforeFault({ request }: Exchange, fault: RequestFault): Promise<boolean> {
  if (fault.kind === 'slow') await sleep(fault.delayMs ?? 1000);
  if (fault.executed) return true;
  if (fault.kind === 'reset-before' || fault.kind === 'reset-after-body') {
    request.socket.resetAndDestroy();
    return false;
  }
  if (fault.kind === 'close-without-response') {
    request.socket.end();
    return false;
  }
  return fault.kind !== 'silent';
}

/** @returns true when the fault has taken care of the answer */
function afterFault(exchange: Exchange, fault: RequestFault, answer: WireAnswer): boolean {
  const { request, response, entry } = exchange;
  switch (fault.kind) {
    case 'reset-before':
    case 'reset-after-body':
      request.socket.resetAndDestroy();
      return true;
    case 'close-without-response':
      request.socket.end();
      return true;
    case 'silent':
      return true;
    case 'stall-body':
    case 'truncate': {
      entry.status = answer.status;
      const body = Buffer.from(answer.body);
      response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
      response.write(body.subarray(0, Math.floor(body.length / 2)));
      if (fault.kind === 'truncate') setTimeout(() => request.socket.destroy(), 20);
      return true;
    }
    default:
      return false;
  }
}

function write({ response, entry }: Exchange, answer: WireAnswer): void {
  entry.status = answer.status;
  const isJson = answer.headers['content-type'] === 'application/json';
  entry.response = isJson ? parseLoosely(answer.body.toString()) : undefined;
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
  response.end(body);
}

function serveFile(files: FileStore, url: URL): WireAnswer {
  const file = files.open(CDN.exec(url.pathname)?.[1] ?? '', url.searchParams);
  if (!file) {
    const headers = { 'content-type': 'text/plain' };
    return { status: 404, headers, body: 'This content is no longer available.' };
  }
  return {
    status: 200,
    headers: { 'content-type': file.contentType },
    body: file.bytes,
  };
}

function revokeToken(world: World, path: string): void {
  for (const interaction of world.interactions.values()) {
    if (path.includes(interaction.token)) interaction.tokenRevoked = true;
  }
}

function majorOf(params: Record<string, string>): string {
  const webhook = params.webhook_token;
  return webhook ?? params.channel_id ?? params.guild_id ?? '';
}

function json(status: number, body: unknown, headers: Record<string, string>): WireAnswer {
  if (body === undefined) return { status, headers, body: '' };
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** @returns a value as it looks after a trip over the wire */
function toPlain(body: unknown): unknown {
  return body === undefined ? undefined : (JSON.parse(JSON.stringify(body)) as unknown);
}

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
