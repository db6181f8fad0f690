/**
 * @file A hub of our own for tests, in two origins as the real one: an API that lists pages of a commit's files and
 * redirects downloads, and a store of large files that answers ranges and never sees a token.
 * @see https://huggingface.co/docs/hub/api
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Contents by path; paths that end in `.safetensors` are kept as large files. */
export type RepoFiles = Readonly<Record<string, Uint8Array>>;

/** One request that the hub or its store has seen. */
export interface SeenRequest {
  readonly origin: 'hub' | 'store';
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What can be made to go wrong. */
export interface HubFaults {
  /** The store sends this many bytes of an answer, then breaks the connection; as often as there are numbers. */
  cutAfterBytes: number[];
  /** Flips the first byte of what the store sends of this path. */
  corruptPath: string | undefined;
  /** The store answers 200 with everything, whatever range is asked for. */
  ignoresRanges: boolean;
  /** The store answers, and then nothing comes. */
  stalls: boolean;
  /** The hub answers 503 this many times. */
  busyTimes: number;
}

/** See {@link startHubServer}. */
export interface HubServer {
  readonly endpoint: string;
  readonly requests: SeenRequest[];
  readonly faults: HubFaults;
  /** Adds a commit and lets a branch stand for it. */
  commit(repo: string, branch: string, files: RepoFiles): string;
  /** Only this token may read the repository. */
  gate(repo: string, token: string): void;
  close(): Promise<void>;
}

interface Repo {
  readonly branches: Map<string, string>;
  readonly commits: Map<string, RepoFiles>;
  token?: string;
}

/** Entries of one page; the real hub has a thousand. */
const PAGE_SIZE = 4;

export async function startHubServer(): Promise<HubServer> {
  const repos = new Map<string, Repo>();
  const requests: SeenRequest[] = [];
  const faults: HubFaults = {
    cutAfterBytes: [],
    corruptPath: undefined,
    ignoresRanges: false,
    stalls: false,
    busyTimes: 0,
  };
  const see = (origin: SeenRequest['origin'], { url, headers }: IncomingMessage) =>
    requests.push({
      origin,
      path: url!,
      range: headers.range,
      authorization: headers.authorization,
    });

  const store = createServer((request, response) => {
    see('store', request);
    const { pathname } = new URL(request.url!, 'http://store');
    const [, owner, name, commit, ...rest] = decodeURIComponent(pathname).split('/');
    const path = rest.join('/');
    const content = repos.get(`${owner}/${name}`)?.commits.get(commit!)?.[path];
    if (!content || !request.url!.includes('Signature='))
      return refuse(response, 403, 'AccessDenied');
    sendFromStore(request, response, path, Buffer.from(content), faults);
  });
  const storeOrigin = await listen(store);

  const hub = createServer((request, response) => {
    see('hub', request);
    const url = new URL(request.url!, endpoint);
    const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
    if (faults.busyTimes > 0) {
      faults.busyTimes--;
      return refuse(response, 503, 'ServiceUnavailable');
    }
    const isApi = parts[0] === 'api';
    const [owner, name, action, revision, ...rest] = isApi ? parts.slice(2) : parts;
    const repo = repos.get(`${owner}/${name}`);
    const token = request.headers.authorization?.replace('Bearer ', '');
    // As the hub does: a stranger is not told whether a repository exists.
    if (!repo) return refuse(response, token === undefined ? 401 : 404, 'RepoNotFound');
    if (repo.token !== undefined && repo.token !== token) {
      return refuse(response, token === undefined ? 401 : 403, 'GatedRepo');
    }
    const sha = repo.branches.get(revision!) ?? revision!;
    const files = repo.commits.get(sha);
    if (!files) return refuse(response, 404, 'RevisionNotFound');
    if (isApi && action === 'revision') return sendInfo(response, `${owner}/${name}`, sha, repo);
    if (isApi && action === 'tree') return sendPage(response, url, files);
    if (isApi) return sendFromCache(request, response, files[rest.join('/')]!);
    const path = rest.join('/');
    const content = files[path];
    if (action !== 'resolve' || !content) return refuse(response, 404, 'EntryNotFound');
    const common = { 'x-repo-commit': sha, 'accept-ranges': 'bytes' };
    const isLarge = path.endsWith('.safetensors');
    response.writeHead(isLarge ? 302 : 307, {
      ...common,
      ...(isLarge
        ? { 'x-linked-etag': `"${sha256(content)}"`, 'x-linked-size': content.length }
        : { etag: `"${gitBlob(content)}"` }),
      location: isLarge
        ? `${storeOrigin}/${owner}/${name}/${sha}/${path}?Expires=1&Signature=x`
        : `/api/cache/${owner}/${name}/file/${sha}/${path}`,
    });
    response.end();
  });
  const endpoint = await listen(hub);

  return {
    endpoint,
    requests,
    faults,
    commit(name, branch, files) {
      const repo = repos.get(name) ?? { branches: new Map(), commits: new Map() };
      repos.set(name, repo);
      const sha = createHash('sha1').update(`${name} ${repo.commits.size}`).digest('hex');
      repo.commits.set(sha, files);
      repo.branches.set(branch, sha);
      return sha;
    },
    gate(name, token) {
      repos.get(name)!.token = token;
    },
    async close() {
      for (const server of [hub, store]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

function sendFromStore(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  content: Buffer,
  faults: HubFaults,
): void {
  if (path === faults.corruptPath) content[0]! ^= 1;
  const cutAfter = faults.cutAfterBytes.shift();
  const from = faults.ignoresRanges ? undefined : firstByteOf(request);
  if (from !== undefined && from >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const body = content.subarray(from ?? 0);
  response.writeHead(from === undefined ? 200 : 206, {
    etag: `"${sha256(content)}"`,
    'content-length': body.length,
    ...(from !== undefined && {
      'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
    }),
  });
  if (faults.stalls) response.flushHeaders();
  else if (cutAfter === undefined) response.end(body);
  else if (cutAfter === 0) response.destroy();
  // The reader must have taken the bytes before the connection breaks.
  else response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 300));
}

function sendFromCache(request: IncomingMessage, response: ServerResponse, content: Uint8Array) {
  const from = firstByteOf(request);
  response.writeHead(from === undefined ? 200 : 206, {
    etag: `"${gitBlob(content)}"`,
    'content-length': content.length - (from ?? 0),
    ...(from !== undefined && {
      'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
    }),
  });
  response.end(content.subarray(from ?? 0));
}

function sendInfo(response: ServerResponse, name: string, sha: string, repo: Repo) {
  const gated = repo.token === undefined ? false : 'manual';
  sendJson(response, {
    _id: '64b1',
    id: name,
    private: false,
    gated,
    downloads: 1,
    likes: 0,
    lastModified: '2024-01-01T00:00:00.000Z',
    sha,
  });
}

/** Folders stand between the files, and a link names the next page. */
function sendPage(response: ServerResponse, url: URL, files: RepoFiles) {
  const folders = new Set(Object.keys(files).flatMap((path) => path.split('/').slice(0, -1)));
  const entries = [
    ...[...folders].map((path) => ({
      type: 'directory',
      oid: gitBlob(Buffer.from(path)),
      size: 0,
      path,
    })),
    ...Object.entries(files).map(([path, content]) => describe(path, content)),
  ];
  const start = Number(url.searchParams.get('cursor') ?? 0);
  const next = new URL(url);
  next.searchParams.set('cursor', String(start + PAGE_SIZE));
  if (start + PAGE_SIZE < entries.length) response.setHeader('link', `<${next}>; rel="next"`);
  sendJson(response, entries.slice(start, start + PAGE_SIZE));
}

function describe(path: string, content: Uint8Array): object {
  const size = content.length;
  if (!path.endsWith('.safetensors')) return { type: 'file', oid: gitBlob(content), size, path };
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(content)}\nsize ${size}\n`;
  return {
    type: 'file',
    oid: gitBlob(Buffer.from(pointer)),
    size,
    path,
    lfs: { oid: sha256(content), size, pointerSize: pointer.length },
    xetHash: sha256(Buffer.from(path)),
  };
}

function sendJson(response: ServerResponse, value: unknown) {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code: string) {
  response.writeHead(status, { 'x-error-code': code, 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: code }));
}

function firstByteOf({ headers }: IncomingMessage): number | undefined {
  const match = /^bytes=(\d+)-/.exec(headers.range ?? '');
  return match ? Number(match[1]) : undefined;
}

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const gitBlob = (content: Uint8Array) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
