/** @file Time as the playground sees it, so that tests can step over the 3 s, 15 min and one-day rules. */

/** Where the playground reads the time. */
export interface Clock {
  /** @returns milliseconds since the Unix epoch */
  now(): number;
}

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /** Moves the clock forward. @param ms milliseconds, not negative */
  advance(ms: number): void;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() };

/**
 * Builds a clock that stands still until it is advanced.
 *
 * @param startMs milliseconds since the Unix epoch; later than 2017, so that ids keep 17–19 digits
 */
export function createManualClock(startMs: number = Date.now()): ManualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}
