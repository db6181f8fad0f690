/** @file Watches one attempt at a row while it works: relays the cancel flag, writes progress, ends it when it is stale. */
import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 1_000;

/** Why an attempt must end although nothing went wrong. */
export class AttemptOverError extends Error {
  override readonly name = 'AttemptOverError';
  /** `cancel`: the user asked for it; `stale`: a later attempt has begun, or the row has ended. */
  readonly reason: 'cancel' | 'stale';

  constructor(reason: 'cancel' | 'stale') {
    super(`the attempt is over: ${reason}`);
    this.reason = reason;
  }
}

/** What {@link watchAttempt} needs. */
export interface AttemptOptions<Progress> {
  /** Aborts when the worker stops. */
  readonly stop: AbortSignal;
  /** Asked each second. */
  readonly check: () => Promise<'go-on' | 'finish' | 'cancel' | 'stale'>;
  /** False where the attempt is stale. */
  readonly writeProgress: (progress: Progress) => Promise<boolean>;
  /** Hears of outages of the database; the next second tries again. */
  readonly onError: (error: Error) => void;
}

/** An attempt under watch. */
export interface AttemptWatch<Progress> {
  /** Aborts when the work must end: with an {@link AttemptOverError}, or with the reason of `stop`. */
  readonly signal: AbortSignal;
  /** Aborts when the work should come to its end with what there is. */
  readonly finish: AbortSignal;
  /** Writes the newest progress, at most once a second. */
  report(progress: Progress): void;
  /** Ends the watch, after the write that is under way. */
  end(): Promise<void>;
}

/**
 * Starts watching.
 *
 * @throws {AttemptOverError} when the attempt is over before it begins
 */
export async function watchAttempt<Progress>(
  options: AttemptOptions<Progress>,
): Promise<AttemptWatch<Progress>> {
  const { stop, check, writeProgress, onError } = options;
  const over = new AbortController();
  const finish = new AbortController();
  const ended = new AbortController();
  let latest: Progress | undefined;

  const look = async (): Promise<AttemptOverError | undefined> => {
    const verdict = await check();
    if (verdict === 'finish') finish.abort();
    return verdict === 'cancel' || verdict === 'stale' ? new AttemptOverError(verdict) : undefined;
  };
  const overAtOnce = await look();
  if (overAtOnce) throw overAtOnce;

  const tick = async (): Promise<void> => {
    const progress = latest;
    latest = undefined;
    if (progress !== undefined && !(await writeProgress(progress))) {
      over.abort(new AttemptOverError('stale'));
      return;
    }
    const reason = await look();
    if (reason) over.abort(reason);
  };
  const watch = async (): Promise<void> => {
    const until = AbortSignal.any([ended.signal, over.signal, stop]);
    for (;;) {
      await sleep(INTERVAL_MS, undefined, { signal: until }).catch(() => undefined);
      if (until.aborted) return;
      await tick().catch(onError);
    }
  };
  const watching = watch();

  return {
    signal: AbortSignal.any([over.signal, stop]),
    finish: finish.signal,
    report(progress) {
      latest = progress;
    },
    async end() {
      ended.abort();
      await watching;
    },
  };
}
