/** @file Sees to it that the base checkpoint lies in its folder: downloads what a hub id names. */
import type { Logger } from 'pino';
import type { BaseConfig } from './config.ts';
import { type DownloadProgress, downloadCheckpoint } from './hub/download-checkpoint.ts';

/** One line of the log this often. */
const LOG_INTERVAL_MS = 10_000;

/**
 * @returns at once for a folder, and for a checkpoint that was downloaded before
 * @throws {HubError} when the hub refuses, cannot be reached, or sends something else than it lists
 * @throws {CheckpointError} when the repository is no checkpoint that can be used
 */
export async function bringBase(
  { base, hub }: BaseConfig,
  logger: Logger,
  signal = new AbortController().signal,
): Promise<void> {
  if (!base.hubId) return;
  let lastLoggedMs = 0;
  const onProgress = ({ file, doneBytes, totalBytes }: DownloadProgress) => {
    if (performance.now() - lastLoggedMs < LOG_INTERVAL_MS) return;
    lastLoggedMs = performance.now();
    logger.info({ file, doneBytes, totalBytes }, 'base checkpoint: downloading');
  };
  const { repo, revision } = base.hubId;
  const { commit } = await downloadCheckpoint({
    hub,
    repo,
    revision,
    dir: base.dir,
    signal,
    onProgress,
  });
  logger.info({ repo, revision, commit, dir: base.dir }, 'base checkpoint: here');
}
