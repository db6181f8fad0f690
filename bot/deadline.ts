/** @file A limit on waiting: the Discord library can wait for ever, for example for the rest of a body. */

/** The time was up; whether the work took effect is unknown. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** @throws {DeadlineError} when the work has not settled after `timeoutMs` */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`no end after ${timeoutMs} ms`)), timeoutMs);
  });
  // Whichever loses the race must not become an unhandled rejection.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** @returns after so many milliseconds */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
