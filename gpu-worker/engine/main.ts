/**
 * @file The engine child: carries out whole trainings and renderings for the worker that started it. It holds no
 * secret, talks to its parent only, and ends with it.
 */
import os from 'node:os';
import { BaseKeeper } from '../dreambooth/loaded-base.ts';
import { trainSubject } from '../dreambooth/loop.ts';
import { renderPrompt } from '../dreambooth/render.ts';
import {
  EngineRequestError,
  type LoopContext,
  type TrainSubjectRequest,
} from '../dreambooth/requests.ts';
import { evaluateCandidates } from '../evaluation/evaluate-candidates.ts';
import { endWithParent } from '../subprocess/end-with-parent.ts';
import {
  type EngineEvent,
  type EngineRequest,
  engineCommandSchema,
  type FailureCode,
} from './protocol.ts';
import { CancelledError, createScheduler, type Turn } from './scheduler.ts';

endWithParent();

const send = (event: EngineEvent): void => {
  if (process.connected) process.send?.(event);
};

/** Sessions that stay open between pictures, and the training beside them, may take half of this process's memory. */
const LIMIT_BYTES =
  Math.min(os.totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY) / 2;
const keeper = new BaseKeeper({ limitBytes: LIMIT_BYTES });
/** Resident memory without sessions before the training that runs; undefined while none does. */
let beforeTraining: number | undefined;

const scheduler = createScheduler({
  async run(id, request, turn) {
    const startedAt = performance.now();
    try {
      const result = await carryOut(id, request, turn);
      send({ type: 'result', id, result });
    } catch (error) {
      if (turn.isInterlude && !turn.signal.aborted && hasNoRoom(error)) return 'later';
      sendFailure(id, error, turn.signal);
    }
    const durationMs = Math.round(performance.now() - startedAt);
    const fields = { kind: request.kind, durationMs, isInterlude: turn.isInterlude };
    send({ type: 'log', level: 'debug', message: 'engine request ended', fields });
    return 'done';
  },
  onDropped(id) {
    send({ type: 'failure', id, code: 'CANCELLED', message: 'cancelled', details: {} });
  },
});

function carryOut(
  id: number,
  request: EngineRequest,
  { signal, finish, betweenSteps }: Turn,
): Promise<unknown> {
  const context: LoopContext = {
    signal,
    finish,
    betweenSteps,
    onProgress: (event) => send({ type: 'progress', id, event }),
    now: () => performance.now(),
  };
  switch (request.kind) {
    case 'train-subject':
      return train(request, context);
    case 'evaluate-candidates':
      return withKeeper(context, () => evaluateCandidates(request, context, keeper));
    case 'render-prompt':
      return withKeeper(context, () => renderPrompt(request, context, keeper));
  }
}

/** A training begins with the memory that pictures were made in. */
async function train(request: TrainSubjectRequest, context: LoopContext): Promise<unknown> {
  await keeper.close();
  beforeTraining = process.memoryUsage.rss();
  try {
    return await trainSubject(request, context);
  } finally {
    beforeTraining = undefined;
    await keeper.limitTo(LIMIT_BYTES);
  }
}

/** Sessions make room for the training that goes on after the picture. */
async function makeRoomForTraining(): Promise<void> {
  if (beforeTraining === undefined) return;
  const training = process.memoryUsage.rss() - beforeTraining - keeper.bytes;
  await keeper.limitTo(Math.max(0, LIMIT_BYTES - Math.max(0, training)));
}

const hasNoRoom = (error: unknown): boolean =>
  error instanceof Error && failureCodeOf(error) === 'OUT_OF_MEMORY';

async function withKeeper<T>(context: LoopContext, work: () => Promise<T>): Promise<T> {
  try {
    await makeRoomForTraining();
    return await work();
  } catch (error) {
    // Whatever went wrong in them, sessions that are made anew have none of it.
    if (!(error instanceof EngineRequestError || context.signal.aborted)) await keeper.close();
    throw error;
  } finally {
    await makeRoomForTraining();
  }
}

function sendFailure(id: number, error: unknown, signal: AbortSignal): void {
  const failure = error instanceof Error ? error : new Error(String(error));
  const code = signal.aborted ? 'CANCELLED' : failureCodeOf(failure);
  send({
    type: 'failure',
    id,
    code,
    message: failure.message,
    details: failure instanceof EngineRequestError ? { ...failure.details } : {},
    ...(code === 'INTERNAL' && failure.stack !== undefined && { stack: failure.stack }),
  });
}

function failureCodeOf(error: Error): FailureCode {
  if (error instanceof EngineRequestError) return error.code;
  if (error instanceof CancelledError) return 'CANCELLED';
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return 'DISK_FULL';
  // As ONNX Runtime, its CUDA provider and V8 word it.
  const memory =
    /bad allocation|bad_alloc|out of memory|failed to allocate|array buffer allocation/i;
  return memory.test(error.message) ? 'OUT_OF_MEMORY' : 'INTERNAL';
}

process.on('message', (message) => {
  const command = engineCommandSchema.safeParse(message);
  if (!command.success) {
    const fields = { reason: command.error.message };
    send({ type: 'log', level: 'error', message: 'engine: not understood', fields });
    const { type, id } = (message ?? {}) as { type?: unknown; id?: unknown };
    if (type === 'run' && typeof id === 'number') {
      sendFailure(id, new Error(`engine request: ${command.error.message}`), AbortSignal.any([]));
    }
    return;
  }
  const { type, id } = command.data;
  if (type === 'run') scheduler.add(id, command.data.request);
  else scheduler[type](id);
});
// Ctrl+C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
send({ type: 'ready' });
