/** @file Work that is done again and again, now when kicked and every so often otherwise, never twice at a time. */
import type { Logger } from 'pino';
import { defaultLocale, inLocale } from '../words/say.ts';

/** A running loop. */
export interface Loop {
  /** Does the work again as soon as possible. */
  kick(): void;
  /** Stops, after the work under way. */
  stop(): Promise<void>;
}

/** An outage is not hammered: the pause doubles up to this with each failure in a row. */
const MAX_PAUSE_MS = 30_000;

/** Starts a loop. A throw is logged and never ends it. */
export function startLoop(
  name: string,
  intervalMs: number,
  logger: Logger,
  work: () => Promise<void>,
): Loop {
  let isStopped = false;
  let isKicked = true;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const schedule = (delayMs: number) => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(run, delayMs);
  };
  const run = () => {
    if (running || isStopped) return;
    isKicked = false;
    // The kick may come from an interaction, whose language is not that of what everybody sees.
    running = inLocale(defaultLocale, work)
      .then(
        () => {
          failures = 0;
        },
        (error) => {
          failures += 1;
          logger.error({ err: error, failures }, `${name} failed`);
        },
      )
      .finally(() => {
        running = undefined;
        if (failures === 0) return schedule(isKicked ? 0 : intervalMs);
        const pauseMs = Math.min(MAX_PAUSE_MS, intervalMs * 2 ** Math.min(failures, 10));
        schedule(Math.max(pauseMs, 500));
      });
  };
  schedule(0);

  return {
    kick() {
      isKicked = true;
      if (!running && failures === 0) schedule(0);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
