/** @file Keeps a second process out of a PGlite folder, which two processes would ruin. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** A held folder. */
export interface DirectoryLock {
  release(): void;
}

const held = new Set<string>();

/**
 * Takes the folder for this process. A holder that died, however suddenly, no longer counts.
 *
 * @param folder absolute path; the lock is the file `<folder>.lock` beside it
 * @throws {Error} when a living process, this one included, holds the folder
 */
export function lockDirectory(folder: string): DirectoryLock {
  const path = `${folder.replace(/\/+$/, '')}.lock`;
  if (held.has(path) || isAlive(readOwner(path))) {
    throw new Error(
      `database folder ${folder}: already open in another process; stop it, or use Postgres to share`,
    );
  }
  rmSync(path, { force: true });
  writeFileSync(path, ownName(process.pid), { flag: 'wx' });
  held.add(path);
  return {
    release() {
      if (held.delete(path)) rmSync(path, { force: true });
    },
  };
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A process id and, where the system tells it, its start time: ids are used again, in containers at once. */
function ownName(pid: number): string {
  return `${pid} ${startTime(pid)}`;
}

function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold spaces; start time is field 22.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(owner: string | undefined): boolean {
  const pid = Number.parseInt(owner ?? '', 10);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  // Not held by this process (checked before), so an owner of the same name died before us.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return owner === ownName(pid);
}
