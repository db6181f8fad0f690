/** @file Reading requests, JSON or multipart, and the small route table they are matched against. */
import type { IncomingMessage } from 'node:http';
import { DiscordError, refuse } from './discord-error.ts';
import type { UploadedFile } from './files.ts';
import { cleanFilename } from './files.ts';
import type { Json } from './json.ts';
import { asObject } from './json.ts';

/** More than this is refused before it is parsed: ten files of the size limit and some room. */
const MAX_BODY_BYTES = 120 * 1024 * 1024;

/** A request as route handlers see it. */
export interface RestRequest {
  method: string;
  params: Record<string, string>;
  query: URLSearchParams;
  /** The JSON body, or `payload_json` of a multipart one. */
  body: unknown;
  files: UploadedFile[];
}

/** What a handler answers; no body means an empty 204. */
export interface RestReply {
  status: number;
  body?: unknown;
}

/** One route; the template is spelled as in Discord's OpenAPI file. */
export interface Route {
  method: string;
  template: string;
  /** Whether the bot token is required. Interaction routes carry their own token instead. */
  needsToken: boolean;
  handle(request: RestRequest): RestReply | Promise<RestReply>;
}

/** @returns a 200 with a body */
export const ok = (body: unknown): RestReply => ({ status: 200, body });

/** @returns an empty 204 */
export const noContent = (): RestReply => ({ status: 204 });

/** @returns the body as an object @throws {DiscordError} 400, 50109 when it is none */
export function objectBody(request: RestRequest): Json {
  const body = asObject(request.body);
  if (!body) throw refuse.invalidJson();
  return body;
}

/** Finds routes by method and path. */
export interface RouteTable {
  /** @returns the route with its parameters @throws {DiscordError} 404 or 405 */
  match(method: string, path: string): { route: Route; params: Record<string, string> };
}

/** Builds a table; fixed segments win over parameters. */
export function createRouteTable(routes: Route[]): RouteTable {
  const compiled = routes
    .map((route) => {
      const names: string[] = [];
      const source = route.template.replace(/\{([a-z_]+)\}/g, (_, name: string) => {
        names.push(name);
        return '([^/]+)';
      });
      return { route, names, pattern: new RegExp(`^${source}$`) };
    })
    .sort((a, b) => a.names.length - b.names.length);
  return {
    match(method, path) {
      const fits = compiled.filter((entry) => entry.pattern.test(path));
      const entry = fits.find((item) => item.route.method === method);
      if (!entry) throw fits.length > 0 ? refuse.methodNotAllowed() : refuse.notFound();
      const values = entry.pattern.exec(path)?.slice(1) ?? [];
      const params = Object.fromEntries(
        entry.names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]),
      );
      return { route: entry.route, params };
    },
  };
}

/** @returns the whole body @throws {DiscordError} 413 when it is larger than any real request */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) throw refuse.tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @returns the JSON part and the files of a request @throws {DiscordError} 400 when it cannot be parsed */
export async function parseBody(
  bytes: Buffer,
  contentType: string | undefined,
): Promise<{ body: unknown; files: UploadedFile[] }> {
  if (bytes.length === 0) return { body: undefined, files: [] };
  if (contentType?.startsWith('multipart/form-data')) return parseMultipart(bytes, contentType);
  if (!contentType?.startsWith('application/json')) {
    throw new DiscordError(400, 50035, 'Invalid Form Body', {
      _errors: [
        {
          code: 'CONTENT_TYPE_INVALID',
          message: 'Expected "Content-Type" header to be one of {"application/json"}.',
        },
      ],
    });
  }
  return { body: parseJson(bytes.toString()), files: [] };
}

async function parseMultipart(bytes: Buffer, contentType: string) {
  const form = await new Response(new Uint8Array(bytes), {
    headers: { 'content-type': contentType },
  })
    .formData()
    .catch(() => {
      throw refuse.invalidJson();
    });
  let body: unknown = {};
  const files: UploadedFile[] = [];
  for (const [field, value] of form) {
    if (typeof value === 'string') {
      if (field === 'payload_json') body = parseJson(value);
      continue;
    }
    files.push({
      field,
      filename: cleanFilename(value.name),
      contentType: value.type,
      bytes: Buffer.from(await value.arrayBuffer()),
    });
  }
  return { body, files };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw refuse.invalidJson();
  }
}
