/** @file Optimized graphs kept on disk, so that the next session of the same graph is created sooner. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Graphs that are kept, the last used ones. */
const KEPT = 16;

/**
 * Opens a graph as it was optimized an earlier time, where the folder has it.
 *
 * @param dir made where it is missing
 * @param key see {@link graphKey}
 * @param open.optimized opens a file that the cache has
 * @param open.fresh opens the graph as it was written, and saves it optimized
 */
export async function openCached<Opened>(
  dir: string,
  key: string,
  open: {
    optimized: (file: string) => Promise<Opened>;
    fresh: (saveTo: string) => Promise<Opened>;
  },
): Promise<Opened> {
  mkdirSync(dir, { recursive: true });
  const file = path.join(dir, `${key}.onnx`);
  if (existsSync(file)) {
    try {
      const opened = await open.optimized(file);
      utimesSync(file, new Date(), new Date());
      return opened;
    } catch {
      // A file that was cut off is made again.
      rmSync(file, { force: true });
    }
  }
  const part = `${file}.${process.pid}.part`;
  const opened = await open.fresh(part);
  renameSync(part, file);
  removeOldest(dir);
  return opened;
}

/**
 * What an optimized graph depends on: the graph, its weights, options and version of the runtime, the
 * processor.
 * @param weightFiles files that the graph's weights are mapped from
 */
export function graphKey(
  bytes: Uint8Array,
  weightFiles: readonly string[],
  runtime: object,
): string {
  const weights = weightFiles.map((file) => {
    const { size, mtimeMs } = statSync(file);
    return [file, size, mtimeMs];
  });
  const surroundings = JSON.stringify([weights, runtime, os.cpus()[0]?.model]);
  return createHash('sha256').update(bytes).update(surroundings).digest('hex');
}

function removeOldest(dir: string): void {
  const age = (file: string) => statSync(file).mtimeMs;
  const files = readdirSync(dir)
    .filter((name) => name.endsWith('.onnx'))
    .map((name) => path.join(dir, name))
    .sort((a, b) => age(b) - age(a));
  for (const file of files.slice(KEPT)) rmSync(file, { force: true });
}
