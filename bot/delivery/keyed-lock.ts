/** @file One at a time by key: a training's message is written by its progress and by its outcome. */

/** Runs work of one key one after the other. */
export type KeyedLock = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Builds a lock. */
export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const previous = tails.get(key) ?? Promise.resolve();
    const mine = previous.then(work, work);
    const tail = mine.catch(() => undefined);
    tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === tail) tails.delete(key);
    }
  };
}
