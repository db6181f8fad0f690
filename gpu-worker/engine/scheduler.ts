/**
 * @file The order in which the engine child serves requests: one at a time, renderings before what waits beside them,
 * and between two steps of a training that runs.
 */
import { yieldToEvents } from '../dreambooth/between-steps.ts';
import type { EngineRequest } from './protocol.ts';

/** A request that waits or runs. */
interface Task {
  readonly id: number;
  readonly request: EngineRequest;
  readonly stop: AbortController;
  readonly finish: AbortController;
  /** Resolves when it is told to stop. */
  readonly stopped: Promise<void>;
}

/** What a request is given while it is carried out. */
export interface Turn {
  readonly signal: AbortSignal;
  /** Ends a training early, with what it has learned. */
  readonly finish: AbortSignal;
  /** Awaited between two steps: messages are heard, and a rendering that waits is served. */
  readonly betweenSteps: () => Promise<void>;
  /** Whether another request waits in the middle of its own work. */
  readonly isInterlude: boolean;
}

/** What the scheduler is given to do its work with. */
export interface SchedulerHandlers {
  /**
   * Carries a request out; rejects with `signal.reason` when aborted.
   * @returns `later` where there is no room for it beside the request that it interrupts
   */
  readonly run: (id: number, request: EngineRequest, turn: Turn) => Promise<'done' | 'later'>;
  /** Hears of requests that were cancelled before they began. */
  readonly onDropped: (id: number) => void;
}

/** See {@link createScheduler}. */
export interface Scheduler {
  add(id: number, request: EngineRequest): void;
  /** Stops a request between two steps, or drops one that waits; an unknown id is ignored. */
  cancel(id: number): void;
  /** Tells a training to come to its end; an unknown id is ignored. */
  finish(id: number): void;
}

/** The reason of every cancel. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** A picture takes seconds, a training minutes to hours: who waits for a picture goes first. */
const isRendering = ({ request }: Task): boolean => request.kind === 'render-prompt';

/** Makes a scheduler. `run` settles its own outcome; what it throws is ignored here. */
export function createScheduler({ run, onDropped }: SchedulerHandlers): Scheduler {
  const waiting: Task[] = [];
  let running: Task | undefined;
  /** A rendering that is served between two steps of the running one. */
  let interlude: Task | undefined;
  /** Renderings that found no room there: they wait for its end. */
  let postponed = new Set<Task>();

  const take = (isWanted: (task: Task) => boolean): Task | undefined => {
    const index = waiting.findIndex(isWanted);
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  };
  const carryOut = ({ id, request, stop, finish }: Task, turn: Omit<Turn, 'signal' | 'finish'>) =>
    run(id, request, { ...turn, signal: stop.signal, finish: finish.signal }).catch(
      () => 'done' as const,
    );

  const next = (): void => {
    if (running || interlude) return;
    const task = take(isRendering) ?? take(() => true);
    if (!task) return;
    running = task;
    const betweenSteps = isRendering(task) ? yieldToEvents : () => serveBetween(task);
    carryOut(task, { betweenSteps, isInterlude: false }).finally(() => {
      running = undefined;
      postponed = new Set();
      next();
    });
  };

  /** One rendering at most, so that a training goes on however many there are. */
  const serveBetween = async (task: Task): Promise<void> => {
    await yieldToEvents();
    if (task.stop.signal.aborted) return;
    const guest = take((other) => isRendering(other) && !postponed.has(other));
    if (!guest) return;
    interlude = guest;
    const served = carryOut(guest, { betweenSteps: yieldToEvents, isInterlude: true }).then(
      (outcome) => {
        interlude = undefined;
        if (outcome === 'later') {
          postponed.add(guest);
          waiting.unshift(guest);
        }
        next();
      },
    );
    // Whoever stops a training does not wait for somebody else's picture.
    await Promise.race([served, task.stopped]);
  };

  return {
    add(id, request) {
      const stop = new AbortController();
      const stopped = new Promise<void>((resolve) =>
        stop.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      waiting.push({ id, request, stop, finish: new AbortController(), stopped });
      next();
    },
    cancel(id) {
      const task = [running, interlude].find((one) => one?.id === id);
      if (task) {
        task.stop.abort(new CancelledError('cancelled'));
        return;
      }
      if (take((one) => one.id === id)) onDropped(id);
    },
    finish(id) {
      [running, ...waiting].find((task) => task?.id === id)?.finish.abort();
    },
  };
}
