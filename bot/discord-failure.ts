/** @file What a failed request to Discord means: try again, give up, or start the process anew. */
import { DiscordAPIError, HTTPError, RateLimitError } from 'discord.js';
import { DeadlineError } from './deadline.ts';

/** Discord's error codes that we act on. */
export const discordCodes = {
  unknownChannel: 10003,
  unknownMessage: 10008,
  unknownWebhook: 10015,
  unknownInteraction: 10062,
  tooLarge: 40005,
  alreadyAcknowledged: 40060,
  tooManyEditsOfOldMessage: 30046,
  missingPermissions: 50013,
  archived: 50083,
  invalidWebhookToken: 50027,
} as const;

/** See {@link classifyFailure}. */
export interface DiscordFailure {
  /**
   * `retry`: it may help, and what was sent may or may not have arrived. `give-up`: Discord understood and refused.
   * `restart`: our token no longer counts; the library has forgotten it.
   */
  readonly kind: 'retry' | 'give-up' | 'restart';
  /** For logs and rows: `discord-50013`, `http-503`, `network-UND_ERR_SOCKET`. */
  readonly code: string;
  /** When to try again, where Discord said so. */
  readonly delayMs?: number;
}

/** A proxy's refusal comes as a page instead of an error code; hammering on would prolong it. */
const PROXY_REFUSAL_DELAY_MS = 60_000;

/** @returns what to do about the error */
export function classifyFailure(error: unknown): DiscordFailure {
  if (error instanceof RateLimitError) {
    return { kind: 'retry', code: 'http-429', delayMs: Math.max(1000, error.retryAfter) };
  }
  if (error instanceof HTTPError) return { kind: 'retry', code: `http-${error.status}` };
  if (error instanceof DiscordAPIError) {
    if (error.code === discordCodes.invalidWebhookToken) {
      return { kind: 'give-up', code: `discord-${error.code}` };
    }
    if (error.status === 401) return { kind: 'restart', code: 'http-401' };
    // Without a code it was no answer of Discord's own, whatever its status.
    if (typeof error.code !== 'number' || error.code === 0) {
      return error.status === 404
        ? { kind: 'give-up', code: 'http-404' }
        : { kind: 'retry', code: `http-${error.status}`, delayMs: PROXY_REFUSAL_DELAY_MS };
    }
    return { kind: 'give-up', code: `discord-${error.code}` };
  }
  if (error instanceof DeadlineError) return { kind: 'retry', code: 'deadline' };
  if (error instanceof Error && /expected token to be set/i.test(error.message)) {
    return { kind: 'restart', code: 'no-token' };
  }
  if (error instanceof SyntaxError) return { kind: 'retry', code: 'bad-json' };
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return { kind: 'retry', code: `network-${String(code ?? name ?? 'unknown')}` };
}

/** @returns whether Discord refused with this code */
export function isDiscordCode(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof DiscordAPIError && codes.some((known) => known === error.code);
}
