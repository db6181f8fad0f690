/** @file Downloads one file: goes on where an earlier try stopped, and keeps nothing that has another hash. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { HubError } from './hub-error.ts';
import { type HubFile, type HubRepo, reasonOf } from './hub-repo.ts';
import { type Patience, retryTransient } from './retry.ts';

/** What {@link downloadFile} needs. */
export interface FileDownload extends Patience {
  readonly repo: HubRepo;
  readonly commit: string;
  readonly file: HubFile;
  /** Where the file shall be; it is there only whole and checked. Until then it is `<target>.part`. */
  readonly target: string;
  /** Hears how many of the file's bytes are on disk. */
  readonly onBytes: (doneBytes: number) => void;
  /** How long the connection may bring nothing. */
  readonly stallMs?: number | undefined;
}

const STALL_MS = 60_000;

/**
 * @throws {HubError} when the connection keeps breaking (the part stays), or the hash is wrong (the part is removed)
 */
export async function downloadFile(download: FileDownload): Promise<void> {
  const { repo, file, target } = download;
  const part = `${target}.part`;
  await mkdir(path.dirname(target), { recursive: true });
  await receive(download, part);
  const found = await hashFile(part, file.hash.kind);
  if (found !== file.hash.hex) {
    await rm(part);
    throw new HubError(
      `${repo.name}: ${file.path}: expected ${file.hash.kind} ${file.hash.hex}, found ${found}; ` +
        'what was downloaded is removed, start again to download it anew',
    );
  }
  await rename(part, target);
}

/** Fills the part, over as many connections as it takes. */
async function receive(download: FileDownload, part: string): Promise<void> {
  const { repo, file, onBytes } = download;
  if ((await sizeOf(part)) > file.sizeBytes) await rm(part);
  // An empty file needs no connection, but must be there.
  await (await open(part, 'a')).close();
  let done = await sizeOf(part);
  let doneBefore = done;
  onBytes(done);
  const fill = async () => {
    while (done < file.sizeBytes) {
      await receiveFrom(download, part, done).finally(async () => {
        done = await sizeOf(part);
      });
    }
  };
  const hasMoved = () => {
    const moved = done > doneBefore;
    doneBefore = done;
    return moved;
  };
  try {
    await retryTransient(fill, download, hasMoved);
  } catch (error) {
    if (!(error instanceof HubError) || !error.isTransient) throw error;
    throw new HubError(
      `${error.message}; ${file.path} stopped at ${done} of ${file.sizeBytes} bytes, start again to go on from there`,
      { isTransient: true, cause: error },
    );
  }
  if (done > file.sizeBytes) {
    await rm(part);
    throw new HubError(
      `${repo.name}: ${file.path}: expected ${file.sizeBytes} bytes, received more; what was downloaded is removed`,
    );
  }
}

/** One connection: appends what it brings. */
async function receiveFrom(download: FileDownload, part: string, firstByte: number): Promise<void> {
  const { repo, commit, file, onBytes, stallMs = STALL_MS } = download;
  const stall = new AbortController();
  const timer = setTimeout(
    () =>
      stall.abort(
        new HubError(`${repo.name}: nothing came for ${stallMs} ms`, { isTransient: true }),
      ),
    stallMs,
  );
  const signal = AbortSignal.any([download.signal, stall.signal]);
  const output = await open(part, 'a');
  try {
    const response = await repo.readFile(commit, file.path, firstByte, signal);
    let done = await continueAt(download, response, part, firstByte);
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      await output.appendFile(chunk);
      done += chunk.length;
      onBytes(Math.min(done, file.sizeBytes));
      if (done > file.sizeBytes) break;
    }
    if (done === firstByte) throw new Error('no bytes');
  } catch (cause) {
    if (stall.signal.aborted) throw stall.signal.reason;
    if (cause instanceof HubError || download.signal.aborted || isLocal(cause)) throw cause;
    throw new HubError(`${repo.name}: the connection broke (${reasonOf(cause)})`, {
      isTransient: true,
      cause,
    });
  } finally {
    clearTimeout(timer);
    await output.close();
  }
}

/** Where the answer goes on: a server that does not know ranges begins anew. */
async function continueAt(
  { repo, file }: FileDownload,
  response: Response,
  part: string,
  firstByte: number,
): Promise<number> {
  if (response.status === 200) {
    if (firstByte > 0) await truncate(part, 0);
    return 0;
  }
  const range = response.headers.get('content-range') ?? '';
  if (!range.startsWith(`bytes ${firstByte}-`) || !range.endsWith(`/${file.sizeBytes}`)) {
    throw new HubError(
      `${repo.name}: ${file.path}: expected bytes ${firstByte}- of ${file.sizeBytes}, the hub sent "${range}"`,
    );
  }
  return firstByte;
}

/** A full disk or a missing right is not the connection's fault. */
function isLocal(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall === 'write';
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function hashFile(file: string, kind: HubFile['hash']['kind']): Promise<string> {
  const hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1');
  // What git hashes of a file is its length and its content.
  if (kind === 'git-sha1') hash.update(`blob ${await sizeOf(file)}\0`);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
