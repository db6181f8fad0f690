/** @file Looks at something again from time to time: the worker may download the base after the bot has started. */

/** The value as it is now. */
export interface Followed<T> {
  readonly current: T;
  stop(): void;
}

/** How often to look. */
const FOLLOW_INTERVAL_MS = 60_000;

/**
 * Reads now, and again every minute.
 *
 * @param onError hears of what fails later; the value then stays as it was
 * @throws what the first reading throws
 */
export async function follow<T>(
  read: () => Promise<T>,
  onError: (error: unknown) => void,
  intervalMs = FOLLOW_INTERVAL_MS,
): Promise<Followed<T>> {
  let current = await read();
  const look = async () => {
    current = await read();
  };
  const timer = setInterval(() => look().catch(onError), intervalMs);
  timer.unref();
  return {
    get current() {
      return current;
    },
    stop: () => clearInterval(timer),
  };
}
