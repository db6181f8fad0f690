/** @file Ends a child process when its parent is gone, even in the middle of a long step. */
import { Worker } from 'node:worker_threads';

const POLL_MS = 250;

/**
 * A step blocks the main thread, which then cannot see the channel close, for seconds on a large model. A second
 * thread sees that the process has been given another parent. An orphan that went on would write into a folder that
 * the next attempt already uses.
 */
const WATCH = `
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, ${POLL_MS});
`;

/** Call once, first of all. */
export function endWithParent(): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // No flags and no environment of ours: the thread runs plain JavaScript.
  new Worker(WATCH, { eval: true, execArgv: [], env: {} }).unref();
}
