/** @file The work folder of a row: `WORK_DIR/runs/<row id>`, with a folder an attempt for what is decrypted. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** Folders of one attempt at one row, all mode 0700. */
export interface RunFolder {
  /** Survives attempts: what a killed training resumes from. */
  readonly checkpoints: string;
  /** Decrypted inputs and fresh outputs; nobody else writes here. */
  readonly attempt: string;
  /** Removes what this attempt decrypted and made. */
  removeAttempt(): Promise<void>;
  /** Removes all: the row has ended. */
  remove(): Promise<void>;
}

const runsDir = (workDir: string): string => path.join(workDir, 'runs');

/** Makes the folders of an attempt, and removes what earlier attempts decrypted. */
export async function openRunFolder(
  workDir: string,
  rowId: string,
  attempt: number,
): Promise<RunFolder> {
  const run = path.join(runsDir(workDir), rowId);
  const folder: RunFolder = {
    checkpoints: path.join(run, 'checkpoints'),
    attempt: path.join(run, `attempt-${attempt}`),
    removeAttempt: () => rm(folder.attempt, { recursive: true, force: true }),
    remove: () => rm(run, { recursive: true, force: true }),
  };
  await mkdir(folder.checkpoints, { recursive: true, mode: 0o700 });
  for (const name of await readdir(run)) {
    if (name.startsWith('attempt-'))
      await rm(path.join(run, name), { recursive: true, force: true });
  }
  await mkdir(folder.attempt, { mode: 0o700 });
  return folder;
}

/** Removes the folder of a row that has ended. */
export async function removeRunFolder(workDir: string, rowId: string): Promise<void> {
  await rm(path.join(runsDir(workDir), rowId), { recursive: true, force: true });
}

/**
 * Removes folders that a killed worker left behind.
 *
 * @param hasEnded whether the row has ended, or is gone
 */
export async function removeEndedRunFolders(
  workDir: string,
  hasEnded: (rowId: string) => Promise<boolean>,
): Promise<void> {
  await mkdir(runsDir(workDir), { recursive: true, mode: 0o700 });
  for (const rowId of await readdir(runsDir(workDir))) {
    if (await hasEnded(rowId)) await removeRunFolder(workDir, rowId);
  }
}
