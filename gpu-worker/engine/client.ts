/** @file The worker's side of the engine: one child process a device, started when it is needed and again after a crash. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ProgressEvent } from '../dreambooth/requests.ts';
import { forkChild } from '../subprocess/fork-child.ts';
import {
  type EngineCommand,
  type EngineEvent,
  type EngineRequest,
  type EngineResultOf,
  engineEventSchema,
  engineResultSchemas,
  type FailureCode,
} from './protocol.ts';

/** What comes with a request, see {@link Engine.run}. */
export interface RunOptions {
  readonly signal: AbortSignal;
  readonly finish?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** The engine, as processors see it. */
export interface Engine {
  /**
   * Carries a request out. An abort is obeyed between two steps, at the latest when the grace ends (by SIGKILL).
   *
   * @param options.signal the promise rejects with its reason
   * @param options.finish a training comes to its end with what it has learned by then
   * @param options.onProgress hears of steps; what it throws is a bug and is thrown out of the event loop
   * @throws {EngineFailure} when the engine says why it cannot
   * @throws {EngineCrashedError} when the child died under it; asking again is worth it
   */
  run<Request extends EngineRequest>(
    request: Request,
    options: RunOptions,
  ): Promise<EngineResultOf<Request>>;
  /** The child's process id while there is one. */
  readonly pid: number | undefined;
  /** Kills the child. What runs is rejected as crashed: abort it first. Safe to call twice. */
  close(): Promise<void>;
}

/** The engine's own reason for failing a request. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
  readonly code: FailureCode;
  readonly details: Readonly<Record<string, string>>;

  constructor(code: FailureCode, message: string, details: Readonly<Record<string, string>>) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The child died, or could not be started. */
export class EngineCrashedError extends Error {
  override readonly name = 'EngineCrashedError';
  readonly code = 'ENGINE_CRASHED';
}

/** The part of a logger that the engine needs. */
export interface EngineLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How {@link createEngine} makes one. */
export interface EngineOptions {
  readonly logger: EngineLogger;
  /** How long a cancelled request may take to stop before the child is killed. */
  readonly cancelGraceMs?: number;
  /** Another child, for tests. */
  readonly childPath?: string;
}

const CHILD_PATH = fileURLToPath(new URL('./main.ts', import.meta.url));
/** Loading tsx and ONNX Runtime takes a second or two; a machine that needs two minutes is out of order. */
const START_TIMEOUT_MS = 120_000;
const CANCEL_GRACE_MS = 30_000;
/** 0.5 s after the first crash in a row, doubling to 30 s. */
const backoffMs = (crashes: number): number =>
  crashes === 0 ? 0 : Math.min(500 * 2 ** (crashes - 1), 30_000);
/** A request on its way. */
interface Pending {
  readonly kind: EngineRequest['kind'];
  readonly onProgress: ((event: ProgressEvent) => void) | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A child with what it has been asked. */
interface Child {
  readonly process: ChildProcess;
  readonly pending: Map<number, Pending>;
  readonly ended: Promise<void>;
}

/** Makes an engine. No child runs before the first request. */
export function createEngine(options: EngineOptions): Engine {
  const { logger, cancelGraceMs = CANCEL_GRACE_MS, childPath = CHILD_PATH } = options;
  let child: Promise<Child> | undefined;
  let alive: Child | undefined;
  let crashes = 0;
  let nextId = 0;
  const closing = new AbortController();

  const start = async (): Promise<Child> => {
    await sleep(backoffMs(crashes), undefined, { signal: closing.signal }).catch(() => undefined);
    if (closing.signal.aborted) throw new EngineCrashedError('the engine is closed');
    const started = startChild(childPath, logger, {
      onStart(running) {
        alive = running;
      },
      onSuccess() {
        crashes = 0;
      },
      onEnd() {
        crashes += 1;
        child = undefined;
        alive = undefined;
      },
      isExpected: () => closing.signal.aborted,
    });
    return started;
  };

  return {
    get pid() {
      return alive?.process.pid;
    },

    async run(request, options) {
      const { signal } = options;
      signal.throwIfAborted();
      // A start that fails is forgotten, so that the next request tries again.
      child ??= start().catch((error) => {
        child = undefined;
        throw error;
      });
      const running = await untilAborted(child, signal);
      const id = nextId++;
      return exchange(running, { type: 'run', id, request }, { ...options, cancelGraceMs });
    },

    async close() {
      closing.abort();
      const running = alive;
      running?.process.kill('SIGKILL');
      await running?.ended;
    },
  };
}

/** Forks the child and waits until it is ready. */
function startChild(
  childPath: string,
  logger: EngineLogger,
  hooks: {
    onStart(child: Child): void;
    onSuccess(): void;
    onEnd(): void;
    isExpected(): boolean;
  },
): Promise<Child> {
  const forked = forkChild(childPath);
  const pending = new Map<number, Pending>();
  const lastWords = readErrors(forked, logger);
  // A failed send or kill also ends in 'exit' or in a timeout; without a listener it would be thrown.
  forked.on('error', (error) => logger.error({ err: error }, 'engine process'));

  return new Promise((resolve, reject) => {
    let ready = false;
    const ended = new Promise<void>((done) => forked.once('exit', () => done()));
    const child: Child = { process: forked, pending, ended };
    hooks.onStart(child);
    const timer = setTimeout(() => forked.kill('SIGKILL'), START_TIMEOUT_MS);
    forked.on('message', (message) => {
      const event = engineEventSchema.safeParse(message);
      if (!event.success) {
        logger.error({ reason: event.error.message }, 'engine: not understood');
      } else if (event.data.type === 'ready') {
        ready = true;
        clearTimeout(timer);
        logger.info({ enginePid: forked.pid }, 'engine started');
        resolve(child);
      } else {
        if (event.data.type === 'result') hooks.onSuccess();
        handleEvent(child, event.data, logger);
      }
    });
    forked.once('exit', (code, signal) => {
      clearTimeout(timer);
      hooks.onEnd();
      const how = ready ? 'the engine ended' : 'the engine did not start';
      const level = hooks.isExpected() ? 'info' : 'warn';
      logger[level]({ enginePid: forked.pid, exitCode: code, signal }, how);
      const error = new EngineCrashedError(`${how}: ${signal ?? code}\n${lastWords()}`.trim());
      reject(error);
      for (const request of pending.values()) request.reject(error);
      pending.clear();
    });
    // A child that could not be forked never exits.
    forked.once('error', (cause) => {
      if (forked.pid !== undefined) return;
      clearTimeout(timer);
      hooks.onEnd();
      reject(new EngineCrashedError('the engine did not start', { cause }));
    });
  });
}

function handleEvent(
  { pending }: Child,
  event: Exclude<EngineEvent, { type: 'ready' }>,
  logger: EngineLogger,
): void {
  if (event.type === 'log') {
    logger[event.level](event.fields, event.message);
    return;
  }
  const request = pending.get(event.id);
  if (!request) return;
  if (event.type === 'progress') {
    request.onProgress?.(event.event as ProgressEvent);
    return;
  }
  pending.delete(event.id);
  if (event.type === 'failure') {
    const failure = new EngineFailure(event.code, event.message, event.details);
    if (event.stack !== undefined) failure.stack = event.stack;
    request.reject(failure);
    return;
  }
  const result = engineResultSchemas[request.kind].safeParse(event.result);
  if (result.success) request.resolve(result.data);
  else request.reject(new EngineFailure('INTERNAL', `engine result: ${result.error.message}`, {}));
}

/** Sends a request and waits for its end, the abort's included. */
async function exchange<Request extends EngineRequest>(
  child: Child,
  command: EngineCommand & { readonly type: 'run'; readonly request: Request },
  options: RunOptions & { readonly cancelGraceMs: number },
): Promise<EngineResultOf<Request>> {
  const { signal, finish, onProgress, cancelGraceMs } = options;
  let grace: NodeJS.Timeout | undefined;
  const tell = (type: 'cancel' | 'finish') =>
    child.process.send({ type, id: command.id } satisfies EngineCommand, () => undefined);
  const tellToFinish = () => tell('finish');
  const cancel = () => {
    tell('cancel');
    grace = setTimeout(() => child.process.kill('SIGKILL'), cancelGraceMs);
  };
  try {
    signal.throwIfAborted();
    return await new Promise<EngineResultOf<Request>>((resolve, reject) => {
      const { id, request } = command;
      child.pending.set(id, {
        kind: request.kind,
        onProgress,
        resolve: resolve as (result: unknown) => void,
        reject,
      });
      signal.addEventListener('abort', cancel, { once: true });
      child.process.send(command, (error) => {
        if (!error || !child.pending.delete(id)) return;
        reject(new EngineCrashedError('the engine ended', { cause: error }));
      });
      if (finish?.aborted) tellToFinish();
      else finish?.addEventListener('abort', tellToFinish, { once: true });
    });
  } catch (error) {
    // Whether it stopped in time or had to be killed: the caller asked for the end.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    finish?.removeEventListener('abort', tellToFinish);
    clearTimeout(grace);
  }
}

/** Passes on what ONNX Runtime writes; @returns the last of it, for a crash's message. */
function readErrors(forked: ChildProcess, logger: EngineLogger): () => string {
  let text = '';
  let line = '';
  forked.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-2000);
    const lines = (line + chunk).split('\n');
    line = lines.pop() ?? '';
    for (const each of lines) if (each.trim()) logger.warn({ stderr: each }, 'engine');
  });
  return () => text;
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  // Whichever loses the race must not become an unhandled rejection.
  aborted.catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
