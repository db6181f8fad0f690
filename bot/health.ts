/** @file Tells a live connection to Discord from one that only looks alive: the library's own `isReady` does not. */
import { type Client, Events, Status } from 'discord.js';
import type { Logger } from 'pino';

/** A watched client. */
export interface Health {
  /** Whether the gateway session is up now. */
  isHealthy(): boolean;
  stop(): void;
}

/**
 * Watches the gateway. A session that Discord ended for good, or that stays down (an unanswered resume hangs the
 * library for ever), cannot be mended from inside.
 *
 * @param options.downLimitMs how long the session may be down; the library reconnects by itself before that
 * @param options.onRestart called once, with the reason
 */
export function watchHealth(
  client: Client,
  options: { logger: Logger; downLimitMs: number; onRestart: (reason: string) => void },
): Health {
  const { logger } = options;
  let downSince: number | undefined;
  const isUp = () =>
    client.ws.shards.size > 0 && client.ws.shards.every(({ status }) => status === Status.Ready);

  client.on(Events.Error, (error) => logger.error({ err: error }, 'discord client error'));
  client.on(Events.ShardError, (error) => logger.warn({ err: error }, 'gateway error'));
  client.on(Events.ShardReconnecting, () => logger.warn('gateway reconnecting'));
  client.on(Events.ShardResume, () => logger.info('gateway resumed'));
  client.on(Events.ShardDisconnect, ({ code }) => options.onRestart(`gateway-closed-${code}`));
  client.on(Events.Invalidated, () => options.onRestart('gateway-session-invalidated'));

  const timer = setInterval(
    () => {
      if (isUp()) {
        downSince = undefined;
        return;
      }
      downSince ??= Date.now();
      if (Date.now() - downSince > options.downLimitMs) options.onRestart('gateway-down');
    },
    Math.min(5_000, options.downLimitMs / 2),
  );

  return { isHealthy: isUp, stop: () => clearInterval(timer) };
}
