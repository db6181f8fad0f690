/** @file The control port: the same actions as the programmatic API, over HTTP with JSON. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { DiscordError, refuse } from './discord-error.ts';
import { readBody } from './http.ts';
import type { Json } from './json.ts';
import { asObject } from './json.ts';
import type { Playground } from './server.ts';

/** One control route: what it does with the query and the body. */
type ControlRoute = (query: URLSearchParams, body: Json) => unknown;

/** The body of a call is the programmatic call's argument; its own checks name what is missing. */
const as = <T>(body: Json): T => body as T;

function controlRoutes(playground: Playground): Record<string, ControlRoute> {
  const text = (query: URLSearchParams, name: string) => query.get(name) ?? undefined;
  const place = (query: URLSearchParams) => ({
    ...(query.has('channel') ? { channel: query.get('channel') ?? '' } : {}),
    ...(query.has('user') ? { viewer: query.get('user') ?? '' } : {}),
    ...(query.has('dmOf') ? { dmOf: query.get('dmOf') ?? '' } : {}),
  });
  return {
    'GET /_ctl': () => ({
      urls: playground.urls,
      application: playground.application,
      connected: playground.connectedCount(),
      guilds: [...playground.world.guilds.values()].map(({ id, name }) => ({ id, name })),
      channels: [...playground.world.channels.values()].map(({ id, name, guildId }) => ({
        id,
        name,
        guildId,
      })),
      users: [...playground.world.users.values()],
    }),
    'POST /_ctl/command': (_, body) => playground.command(as(body)),
    'POST /_ctl/autocomplete': (_, body) => playground.autocomplete(as(body)),
    'POST /_ctl/click': (_, body) => playground.click(as(body)),
    'POST /_ctl/modal': (_, body) => playground.modal(as(body)),
    'POST /_ctl/say': (_, body) => playground.say(as(body)),
    'POST /_ctl/delete-message': (_, body) => {
      playground.deleteMessage(String(body.message));
      return {};
    },
    'POST /_ctl/react': (_, body) => {
      playground.react(as(body));
      return {};
    },
    'POST /_ctl/unreact': (_, body) => {
      playground.unreact(as(body));
      return {};
    },
    'GET /_ctl/interaction': (query) => {
      const until = text(query, 'until');
      const settings =
        until === 'settled' || until === 'callback'
          ? { until: until as 'settled' | 'callback', ...timeoutOf(query) }
          : undefined;
      return playground.outcome(text(query, 'id') ?? '', settings);
    },
    'GET /_ctl/messages': async (query) => {
      const contains = text(query, 'contains');
      if (contains === undefined) return playground.messages(place(query));
      const fits = (message: unknown) => JSON.stringify(message).includes(contains);
      return [await playground.waitForMessage(fits, { ...place(query), ...timeoutOf(query) })];
    },
    'GET /_ctl/log': (query) => {
      const since = Number(query.get('since') ?? 0);
      const kind = text(query, 'kind');
      return playground
        .log()
        .filter((entry) => entry.seq > since && (kind === undefined || entry.kind === kind));
    },
    'DELETE /_ctl/log': () => {
      playground.clearLog();
      return {};
    },
    'GET /_ctl/commands': () => Object.fromEntries(playground.world.commands),
    'GET /_ctl/violations': () => playground.violations,
    'POST /_ctl/fault': (_, body) => {
      playground.fault(as(body));
      return {};
    },
    'DELETE /_ctl/fault': () => {
      playground.clearFaults();
      return {};
    },
    'POST /_ctl/user': (_, body) => playground.createUser(withBigints(body)),
    'POST /_ctl/guild': (_, body) => playground.createGuild(as(body)),
    'POST /_ctl/channel': (_, body) => playground.createChannel(as(body)),
    'POST /_ctl/role': (_, body) => playground.createRole(as(body)),
    'PATCH /_ctl/user': (_, { user, ...change }) =>
      playground.changeUser(String(user), withBigints(change)),
    'PATCH /_ctl/channel': (_, { channel, ...change }) =>
      playground.changeChannel(String(channel), withBigints(change)),
    'POST /_ctl/remove-bot': (_, body) => {
      playground.removeBot(String(body.guild));
      return {};
    },
  };
}

function timeoutOf(query: URLSearchParams): { timeoutMs?: number } {
  return query.has('timeoutMs') ? { timeoutMs: Number(query.get('timeoutMs')) } : {};
}

/** Permissions come as decimal strings over HTTP. */
function withBigints<T>(body: Json): T {
  const changed = { ...body };
  for (const key of ['permissions', 'botPermissions']) {
    if (changed[key] !== undefined) changed[key] = BigInt(String(changed[key]));
  }
  return changed as T;
}

/** Builds the listener of the control port. */
export function createControlListener(playground: Playground): RequestListener {
  const routes = controlRoutes(playground);
  return (request, response) => {
    answer(routes, request)
      .then((body) => send(response, 200, body ?? {}))
      .catch((error: unknown) => {
        if (error instanceof DiscordError) send(response, error.status, error.toBody());
        else send(response, 400, { code: 0, message: String(error) });
      });
  };
}

async function answer(
  routes: Record<string, ControlRoute>,
  request: IncomingMessage,
): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const route = routes[`${request.method} ${url.pathname}`];
  if (!route) throw refuse.notFound();
  const bytes = await readBody(request);
  const body = bytes.length === 0 ? {} : asObject(JSON.parse(bytes.toString()));
  if (!body) throw refuse.invalidJson();
  return route(url.searchParams, body);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  const text = JSON.stringify(body, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    return value instanceof Map ? Object.fromEntries(value) : value;
  });
  response.end(text);
}
