/**
 * @file Where a deployment's base checkpoint lies, on which bot and worker must agree: in a folder of its own, or in the
 * folder that the worker downloads a hub id into.
 */
import { statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A checkpoint at the hub. */
export interface HubId {
  /** `owner/name` */
  readonly repo: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** What `BASE_CHECKPOINT` names. */
export interface BaseCheckpoint {
  /** Absolute folder; of a hub id, it is there only after the download. */
  readonly dir: string;
  /** Where the folder comes from; absent for a folder of its own. */
  readonly hubId?: HubId;
}

/** As the hub spells its ids; a revision may have slashes (`refs/pr/1`). */
const HUB_ID =
  /^(?<repo>[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95})(?:@(?<revision>[\w./-]{1,200}))?$/;

/** The default of `HUB_DIR`. */
export function defaultHubDir(): string {
  return path.join(os.homedir(), '.cache', 'rendition', 'hub');
}

/**
 * Tells a folder from a hub id: what exists as a folder is a folder, and so is every path that could not be an id.
 *
 * @param reference a folder, or `owner/name[@revision]`; without a revision, `main`
 * @param hubDir where checkpoints are downloaded to
 */
export function locateBaseCheckpoint(reference: string, hubDir: string): BaseCheckpoint {
  const isFolder = statSync(reference, { throwIfNoEntry: false })?.isDirectory() === true;
  const hubId = isFolder ? undefined : parseHubId(reference);
  if (!hubId) return { dir: path.resolve(reference) };
  return { dir: path.resolve(hubDir, folderName(hubId)), hubId };
}

/** @returns undefined for anything that is not `owner/name[@revision]` */
export function parseHubId(text: string): HubId | undefined {
  const { repo, revision = 'main' } = HUB_ID.exec(text)?.groups ?? {};
  // The hub itself refuses both in a name; in a path they would mean something else.
  if (repo === undefined || /--|\.\./.test(repo) || /\.\.|\/\/|^\/|\/$/.test(revision)) {
    return undefined;
  }
  return { repo, revision };
}

/** One folder for each id: neither owner nor name can hold `--` or `@`. */
function folderName({ repo, revision }: HubId): string {
  return `${repo.replace('/', '--')}@${revision.replaceAll('/', '--')}`;
}
