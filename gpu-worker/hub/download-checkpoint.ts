/**
 * @file Brings a checkpoint from the hub into a folder: only the files that are used, each checked against the hub's
 * hash. The commit is written beside the folder and kept from then on, so that a branch that moves changes nothing.
 */
import { mkdir, readFile, rename, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readShardIndex } from '../diffusion/weights/weight-files.ts';
import { chooseCheckpointFiles } from './choose-files.ts';
import { downloadFile } from './download-file.ts';
import { HubError } from './hub-error.ts';
import { type HubFile, type HubRepo, type HubSettings, openHubRepo } from './hub-repo.ts';
import { type Patience, retryTransient } from './retry.ts';

export { CheckpointError } from '../diffusion/weights/checkpoint-error.ts';

/** How far a download is. */
export interface DownloadProgress {
  /** The file that is being downloaded. */
  readonly file: string;
  /** Bytes of all chosen files that are on disk. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What {@link downloadCheckpoint} needs. */
export interface CheckpointDownload extends Patience {
  readonly hub: HubSettings;
  /** `owner/name` */
  readonly repo: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** The checkpoint's folder; the pin is the file `<dir>.json` beside it. */
  readonly dir: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly stallMs?: number;
}

/** A checkpoint in its folder. */
export interface DownloadedCheckpoint {
  readonly commit: string;
  readonly totalBytes: number;
}

const pinSchema = z.object({
  repo: z.string(),
  revision: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  variant: z.literal('fp16').optional(),
  /** Sizes in bytes by path, once everything is there and checked. */
  files: z.record(z.string(), z.int().nonnegative()).optional(),
});
type Pin = z.infer<typeof pinSchema>;

/**
 * Downloads what is missing. A checkpoint that is whole asks the hub nothing, so the worker starts without it.
 * Two processes must not download into one folder at the same time.
 *
 * @throws {HubError} when the hub refuses, cannot be reached, or sends something else than it lists
 * @throws {CheckpointError} when the repository is no checkpoint that can be used
 */
export async function downloadCheckpoint(
  download: CheckpointDownload,
): Promise<DownloadedCheckpoint> {
  const { dir, repo: name, revision } = download;
  const { variant } = download.hub;
  const known = await readPin(download);
  if (known?.files && (await areThere(dir, known.files))) {
    return { commit: known.commit, totalBytes: sum(Object.values(known.files)) };
  }
  const repo = openHubRepo(name, download.hub);
  const commit =
    known?.commit ?? (await retryTransient(() => repo.resolveCommit(revision), download));
  const pin = { repo: name, revision, commit, ...(variant && { variant }) };
  await writePin(download, pin);
  const files = await downloadFiles(download, repo, commit);
  await writePin(download, { ...pin, files });
  return { commit, totalBytes: sum(Object.values(files)) };
}

/**
 * What a download would bring, without its shards' sizes where an index names them.
 *
 * @returns undefined where the checkpoint is whole already
 * @throws as {@link downloadCheckpoint}
 */
export async function previewDownload(
  download: Pick<CheckpointDownload, 'hub' | 'repo' | 'revision' | 'dir' | 'signal'>,
): Promise<{ commit: string; fileCount: number; totalBytes: number } | undefined> {
  const known = await readPin(download);
  if (known?.files && (await areThere(download.dir, known.files))) return undefined;
  const repo = openHubRepo(download.repo, download.hub);
  const commit = known?.commit ?? (await repo.resolveCommit(download.revision));
  const { files } = await chooseFiles(repo, commit, download);
  return { commit, fileCount: files.length, totalBytes: sum(files.map((file) => file.sizeBytes)) };
}

async function chooseFiles(
  repo: HubRepo,
  commit: string,
  download: Patience & Pick<CheckpointDownload, 'hub'>,
) {
  const listed = await retryTransient(() => repo.listFiles(commit), download);
  const byPath = new Map(listed.map((file) => [file.path, file]));
  const { files, indexFiles } = chooseCheckpointFiles(
    new Set(byPath.keys()),
    repo.name,
    download.hub.variant,
  );
  return { byPath, files: files.map((file) => byPath.get(file)!), indexFiles };
}

/** @returns the size of each file by its path */
async function downloadFiles(
  download: CheckpointDownload,
  repo: HubRepo,
  commit: string,
): Promise<Record<string, number>> {
  const { dir, onProgress } = download;
  const { byPath, files, indexFiles } = await chooseFiles(repo, commit, download);
  let totalBytes = sum(files.map((file) => file.sizeBytes));
  let doneBefore = 0;
  const bring = async (file: HubFile) => {
    const target = path.join(dir, file.path);
    // Only a file that was checked has this name.
    if ((await sizeOf(target)) !== file.sizeBytes) {
      await downloadFile({
        ...download,
        repo,
        commit,
        file,
        target,
        onBytes: (done) =>
          onProgress?.({ file: file.path, doneBytes: doneBefore + done, totalBytes }),
      });
    }
    doneBefore += file.sizeBytes;
  };
  // Indices first: the disk must have room for the shards that they name.
  const isIndex = (file: HubFile) => indexFiles.includes(file.path);
  for (const file of files.filter(isIndex)) await bring(file);
  const shards = (
    await Promise.all(indexFiles.map((file) => listShards(dir, file, byPath)))
  ).flat();
  totalBytes += sum(shards.map((file) => file.sizeBytes));
  const rest = [...files.filter((file) => !isIndex(file)), ...shards];
  await requireRoom(download, rest);
  for (const file of rest) await bring(file);
  return Object.fromEntries([...files, ...shards].map((file) => [file.path, file.sizeBytes]));
}

async function listShards(
  dir: string,
  indexFile: string,
  byPath: ReadonlyMap<string, HubFile>,
): Promise<HubFile[]> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path.join(dir, indexFile), 'utf8'));
  } catch (cause) {
    throw new HubError(`${indexFile}: expected JSON`, { cause });
  }
  return [...readShardIndex(json, indexFile).keys()].map((name) => {
    const file = byPath.get(path.posix.join(path.posix.dirname(indexFile), name));
    if (!file)
      throw new HubError(`${indexFile}: names ${name}, which the repository does not have`);
    return file;
  });
}

/** @throws {HubError} before the disk is full, not after */
async function requireRoom(
  { dir, repo }: CheckpointDownload,
  files: readonly HubFile[],
): Promise<void> {
  const sizes = files.map(async ({ path: name, sizeBytes }) => {
    const target = path.join(dir, name);
    return sizeBytes - ((await sizeOf(target)) ?? (await sizeOf(`${target}.part`)) ?? 0);
  });
  const neededBytes = sum(await Promise.all(sizes));
  const { bavail, bsize } = await statfs(dir);
  if (neededBytes > bavail * bsize) {
    throw new HubError(
      `${repo}: ${neededBytes} bytes are still to come, ${dir} has room for ${bavail * bsize}`,
    );
  }
}

const pinFile = (dir: string) => `${dir}.json`;

async function readPin(
  download: Pick<CheckpointDownload, 'dir' | 'repo' | 'revision' | 'hub'>,
): Promise<Pin | undefined> {
  const file = pinFile(download.dir);
  let pin: Pin;
  try {
    pin = pinSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HubError(
      `${file}: expected the commit of a checkpoint; remove the file to ask the hub again`,
      {
        cause,
      },
    );
  }
  if (pin.repo !== download.repo || pin.revision !== download.revision) {
    throw new HubError(
      `${file}: expected ${download.repo} at ${download.revision}, found ${pin.repo} at ${pin.revision}; remove the file and the folder`,
    );
  }
  if (pin.variant !== download.hub.variant) {
    const named = (variant: string | undefined) => variant ?? 'full-precision';
    throw new HubError(
      `${file}: expected ${named(download.hub.variant)} weights of ${pin.repo}, found ${named(pin.variant)} ones; remove the file and the folder`,
    );
  }
  return pin;
}

async function writePin({ dir }: CheckpointDownload, pin: Pin): Promise<void> {
  await mkdir(dir, { recursive: true });
  const file = pinFile(dir);
  await writeFile(`${file}.tmp`, `${JSON.stringify(pin, null, 2)}\n`);
  await rename(`${file}.tmp`, file);
}

async function areThere(dir: string, files: Readonly<Record<string, number>>): Promise<boolean> {
  const sizes = await Promise.all(Object.keys(files).map((name) => sizeOf(path.join(dir, name))));
  return Object.values(files).every((size, i) => sizes[i] === size);
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    () => undefined,
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
