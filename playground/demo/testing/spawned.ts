/** @file For tests: one of our processes as a child, with its log lines, to be stopped or killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A line of a pino log. */
export type LogLine = Record<string, unknown> & { readonly msg?: string };

/** A running child. */
export interface Spawned {
  readonly logs: readonly LogLine[];
  /** @returns the first line that fits @throws {Error} when the child ended before, with its last words */
  waitForLog(what: string, fits: (line: LogLine) => boolean): Promise<LogLine>;
  /** Sends a signal and waits for the end. @returns the exit status, null after a signal */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Its exit status, when it has ended by itself. */
  readonly ended: Promise<number | null>;
  /** The end of what it wrote to stderr. */
  lastWords(): string;
}

const root = new URL('../../../', import.meta.url);
/** A start takes two seconds, on a busy machine many more. */
const WAIT_MS = 400_000;
/** Everything else in our environment is none of the child's business. */
const PASSED_VARIABLES = ['PATH', 'HOME', 'TMPDIR'];

/** Starts a script of this repository. */
export function spawnScript(
  script: string,
  options: { args?: readonly string[]; env?: Record<string, string>; cwd?: string } = {},
): Spawned {
  const passed = PASSED_VARIABLES.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const child: ChildProcess = spawn(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      fileURLToPath(new URL(script, root)),
      ...(options.args ?? []),
    ],
    {
      cwd: options.cwd ?? fileURLToPath(root),
      env: { ...Object.fromEntries(passed), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const logs: LogLine[] = [];
  let unfinished = '';
  let lastWords = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (unfinished + chunk).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) logs.push(parseLine(line));
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    lastWords = (lastWords + chunk).slice(-4000);
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      process.removeListener('exit', killAtExit);
      resolve(code);
    });
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;

  return {
    logs,
    ended,
    lastWords: () => lastWords,
    async waitForLog(what, fits) {
      for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(50)) {
        const found = logs.find(fits);
        if (found) return found;
        if (hasEnded()) break;
      }
      const tail = logs.slice(-5).map((line) => JSON.stringify(line));
      throw new Error(`${script}: ${what} was not seen\n${tail.join('\n')}\n${lastWords}`);
    },
    async end(signal) {
      if (!hasEnded()) child.kill(signal);
      return ended;
    },
  };
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}

/** @returns whether a process with this id is there */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
