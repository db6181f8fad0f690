/** @file Starts and kills the process in crash-child.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process that waits to be killed. */
export interface CrashChild {
  /** Whole lines it has printed so far. */
  readonly lines: readonly string[];
  /** What it said on stderr, for the message of a failing test. */
  readonly complaints: () => string;
  /** Kills it without warning. */
  kill(): Promise<void>;
}

/** Starts it; see crash-child.ts for the arguments. */
export function startCrashChild(
  what: 'insert' | 'work' | 'enqueue-work',
  ...rest: string[]
): CrashChild {
  const script = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, what, ...rest], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let complaints = '';
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  return {
    lines,
    complaints: () => complaints,
    async kill() {
      child.kill('SIGKILL');
      await ended;
      process.removeListener('exit', killAtExit);
    },
  };
}
