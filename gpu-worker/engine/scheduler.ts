/** @file The order in which the engine child serves requests: one at a time, renderings before trainings that wait. */
import type { EngineRequest } from './protocol.ts';

/** A request that waits or runs. */
interface Task {
  readonly id: number;
  readonly request: EngineRequest;
  readonly stop: AbortController;
}

/** What the scheduler is given to do its work with. */
export interface SchedulerHandlers {
  /** Carries a request out; rejects with `signal.reason` when aborted. */
  readonly run: (id: number, request: EngineRequest, signal: AbortSignal) => Promise<void>;
  /** Hears of requests that were cancelled before they began. */
  readonly onDropped: (id: number) => void;
}

/** See {@link createScheduler}. */
export interface Scheduler {
  add(id: number, request: EngineRequest): void;
  /** Stops a request between two steps, or drops one that waits; an unknown id is ignored. */
  cancel(id: number): void;
}

/** The reason of every cancel. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** A picture takes seconds, a training minutes to hours: who waits for a picture goes first. */
const RANK = {
  'render-prompt': 0,
  'train-subject': 1,
  'evaluate-candidates': 1,
} as const satisfies Record<EngineRequest['kind'], number>;

/** Makes a scheduler. `run` settles its own outcome; what it throws is ignored here. */
export function createScheduler({ run, onDropped }: SchedulerHandlers): Scheduler {
  const waiting: Task[] = [];
  let running: Task | undefined;

  const next = (): void => {
    if (running !== undefined || waiting.length === 0) return;
    const first = Math.min(...waiting.map(({ request }) => RANK[request.kind]));
    const index = waiting.findIndex(({ request }) => RANK[request.kind] === first);
    const [task] = waiting.splice(index, 1);
    if (!task) return;
    running = task;
    run(task.id, task.request, task.stop.signal)
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
        next();
      });
  };

  return {
    add(id, request) {
      waiting.push({ id, request, stop: new AbortController() });
      next();
    },
    cancel(id) {
      if (running?.id === id) {
        running.stop.abort(new CancelledError('cancelled'));
        return;
      }
      const index = waiting.findIndex((task) => task.id === id);
      if (index < 0) return;
      waiting.splice(index, 1);
      onDropped(id);
    },
  };
}
