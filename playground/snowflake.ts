/** @file Discord ids: time since 2015 in the upper bits, a counter in the lower 22. */
import type { Clock } from './clock.ts';

const DISCORD_EPOCH_MS = 1_420_070_400_000n;

/**
 * Builds an id source whose ids rise strictly, also within one millisecond.
 *
 * @returns a function that mints one 17–19-digit id a call
 */
export function createSnowflakeMint(clock: Clock): () => string {
  let last = 0n;
  return () => {
    const fromTime = (BigInt(clock.now()) - DISCORD_EPOCH_MS) << 22n;
    last = fromTime > last ? fromTime : last + 1n;
    return last.toString();
  };
}
