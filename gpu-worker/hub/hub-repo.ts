/** @file One repository of models at the hub: its commits, its files with their hashes, and their bytes. */
import { listFiles, modelInfo } from '@huggingface/hub';
import type { WeightVariant } from '../diffusion/weights/weight-files.ts';
import { HubError } from './hub-error.ts';

/** Which hub, and as whom. */
export interface HubSettings {
  /** Root of the hub, without a slash at its end: `https://…`. */
  readonly endpoint: string;
  readonly token?: string | undefined;
  /** Weights to take before others where a repository has them. */
  readonly variant?: WeightVariant | undefined;
}

/** One file of a commit. */
export interface HubFile {
  /** Relative to the repository's root, with slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  /** sha256 of the content where the hub keeps it as a large file, else the sha1 of its git blob. */
  readonly hash: { readonly kind: 'sha256' | 'git-sha1'; readonly hex: string };
}

/** See {@link openHubRepo}. */
export interface HubRepo {
  /** `owner/name` */
  readonly name: string;
  /**
   * The commit that a branch or tag stands for now.
   * @throws {HubError} when there is none, or it may not be read
   */
  resolveCommit(revision: string): Promise<string>;
  /**
   * Every file of a commit.
   * @throws {HubError} when they cannot be listed
   */
  listFiles(commit: string): Promise<HubFile[]>;
  /**
   * Begins to read a file, following the hub's redirects.
   *
   * @param firstByte where to begin; the answer tells by its status (206 or 200) whether it begins there
   * @throws {HubError} when the answer is neither
   */
  readFile(commit: string, path: string, firstByte: number, signal: AbortSignal): Promise<Response>;
}

const COMMIT = /^[0-9a-f]{40}$/;
/** A repository of one checkpoint has dozens; a listing that does not end is cut here. */
const MAX_FILES = 20_000;
const API_TIMEOUT_MS = 60_000;

/** @param name `owner/name` */
export function openHubRepo(name: string, settings: HubSettings): HubRepo {
  const { endpoint } = settings;
  const request = hubFetch(name, settings);
  const timedRequest: typeof fetch = (url, init) =>
    request(url, { ...init, signal: AbortSignal.timeout(API_TIMEOUT_MS) });
  const ask = { hubUrl: endpoint, fetch: timedRequest };
  return {
    name,
    async resolveCommit(revision) {
      if (COMMIT.test(revision)) return revision;
      const { sha } = await understood(name, () =>
        modelInfo({ ...ask, name, revision, additionalFields: ['sha'] }),
      );
      if (typeof sha !== 'string' || !COMMIT.test(sha)) {
        throw new HubError(`${name}: expected a commit for ${revision}, the hub named none`);
      }
      return sha;
    },
    listFiles: (commit) =>
      understood(name, async () => {
        const files: HubFile[] = [];
        const listing = listFiles({ ...ask, repo: name, revision: commit, recursive: true });
        for await (const { type, path, size, oid, lfs } of listing) {
          if (type !== 'file') continue;
          if (files.length === MAX_FILES) {
            throw new HubError(`${name}: expected at most ${MAX_FILES} files, found more`);
          }
          files.push({
            path,
            sizeBytes: lfs?.size ?? size,
            hash: lfs ? { kind: 'sha256', hex: lfs.oid } : { kind: 'git-sha1', hex: oid ?? '' },
          });
        }
        return files;
      }),
    readFile(commit, path, firstByte, signal) {
      const where = path.split('/').map(encodeURIComponent).join('/');
      // Compression would move the bytes that a range counts.
      const headers: Record<string, string> = { 'accept-encoding': 'identity' };
      if (firstByte > 0) headers.range = `bytes=${firstByte}-`;
      return request(`${endpoint}/${name}/resolve/${commit}/${where}`, { headers, signal });
    },
  };
}

/** The token goes to the hub's own origin only: pages and files may be served by others. */
function hubFetch(name: string, { endpoint, token }: HubSettings): typeof fetch {
  const { origin } = new URL(endpoint);
  return async (url, init) => {
    const target = new URL(url instanceof Request ? url.url : url);
    const headers = new Headers(init?.headers);
    if (token !== undefined && target.origin === origin) {
      headers.set('authorization', `Bearer ${token}`);
    }
    let response: Response;
    try {
      response = await fetch(target, { ...init, headers });
    } catch (cause) {
      if (init?.signal?.aborted) throw init.signal.reason;
      throw new HubError(`${name}: ${origin} cannot be reached (${reasonOf(cause)})`, {
        isTransient: true,
        cause,
      });
    }
    if (response.ok) return response;
    await response.body?.cancel();
    throw refusal(name, response, origin, token !== undefined);
  };
}

/** As fetch words a connection that ended in the middle of an answer. */
function isBroken(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'terminated';
}

/** A cause of `fetch failed` says more than the failure itself. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}

function refusal(name: string, response: Response, origin: string, hasToken: boolean): HubError {
  const { status, headers } = response;
  const code = headers.get('x-error-code');
  const answered = `${name}: ${origin} answered ${status}`;
  if (status === 429 || status >= 500) {
    return new HubError(`${answered}; try again later`, { isTransient: true });
  }
  if (code === 'GatedRepo' || status === 403) {
    return new HubError(
      `${answered}: it is gated. Accept its licence at ${origin}/${name}, ` +
        (hasToken
          ? 'as the account whose token HF_TOKEN is, with the right to read gated repositories'
          : 'then set HF_TOKEN to a token of that account that may read it'),
    );
  }
  if (code === 'RevisionNotFound') return new HubError(`${answered}: no such revision`);
  if (code === 'EntryNotFound') return new HubError(`${answered}: no such file`);
  if (status === 401 || status === 404) {
    return new HubError(
      `${answered}: there is no such repository, nor a folder of that name here, or ` +
        (hasToken
          ? 'HF_TOKEN is wrong or may not read it'
          : 'it is private or gated: then accept its licence and set HF_TOKEN'),
    );
  }
  return new HubError(answered);
}

/** Whatever else the library throws is an answer that it could not read. */
async function understood<T>(name: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof HubError) throw cause;
    const isTransient = (cause as Error).name === 'TimeoutError' || isBroken(cause);
    const what = isTransient ? 'the answer broke off' : "the answer is not the hub's";
    throw new HubError(`${name}: ${what} (${reasonOf(cause)})`, { isTransient, cause });
  }
}
