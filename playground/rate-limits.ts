/** @file Buckets per route and major parameter, and the global limit, in real time as discord.js waits in real time. */
import { createHash } from 'node:crypto';
import type { WireAnswer } from './faults.ts';

/** How many requests a bucket takes within a window. */
export interface BucketRule {
  limit: number;
  windowMs: number;
}

/** Limits by `METHOD template`; `default` for all others; `global` for all authorised requests together. */
export type RateLimitRules = Record<string, BucketRule>;

/** Values seen on Discord for the busy routes, generous ones elsewhere. */
export const defaultRateLimits: RateLimitRules = {
  'POST /channels/{channel_id}/messages': { limit: 5, windowMs: 5000 },
  'PATCH /channels/{channel_id}/messages/{message_id}': { limit: 5, windowMs: 5000 },
  'DELETE /channels/{channel_id}/messages/{message_id}': { limit: 5, windowMs: 1000 },
  'POST /webhooks/{webhook_id}/{webhook_token}': { limit: 5, windowMs: 2000 },
  'PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}': {
    limit: 5,
    windowMs: 2000,
  },
  default: { limit: 50, windowMs: 1000 },
  global: { limit: 50, windowMs: 1000 },
};

/** Counts requests. */
export interface RateLimiter {
  /**
   * Counts one request.
   *
   * @param major the channel, guild or webhook that has a bucket of its own
   * @returns headers for the answer, and the 429 to send instead when the bucket is empty
   */
  count(
    route: string,
    major: string,
    countsGlobally: boolean,
  ): { headers: Record<string, string>; refusal?: WireAnswer };
}

/** Builds a limiter with empty counters. */
export function createRateLimiter(overrides: RateLimitRules = {}): RateLimiter {
  const rules = { ...defaultRateLimits, ...overrides };
  const windows = new Map<string, { resetAt: number; used: number }>();

  function use(key: string, rule: BucketRule) {
    const now = Date.now();
    let window = windows.get(key);
    if (!window || window.resetAt <= now) {
      window = { resetAt: now + rule.windowMs, used: 0 };
      windows.set(key, window);
    }
    const allowed = window.used < rule.limit;
    if (allowed) window.used += 1;
    return { allowed, left: rule.limit - window.used, resetAt: window.resetAt, now };
  }

  function refusal(
    resetAt: number,
    now: number,
    global: boolean,
    headers: Record<string, string>,
  ): WireAnswer {
    const retryAfter = Math.max(0.001, (resetAt - now) / 1000);
    return {
      status: 429,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'retry-after': String(retryAfter),
        'x-ratelimit-scope': global ? 'global' : 'user',
        ...(global ? { 'x-ratelimit-global': 'true' } : {}),
      },
      body: JSON.stringify({
        message: 'You are being rate limited.',
        retry_after: retryAfter,
        global,
      }),
    };
  }

  return {
    count(route, major, countsGlobally) {
      const rule = rules[route] ?? rules.default;
      if (!rule) return { headers: {} };
      const globalRule = rules.global;
      if (countsGlobally && globalRule) {
        const state = use('global', globalRule);
        if (!state.allowed) {
          return { headers: {}, refusal: refusal(state.resetAt, state.now, true, {}) };
        }
      }
      const state = use(`${route} ${major}`, rule);
      const headers = {
        'x-ratelimit-limit': String(rule.limit),
        'x-ratelimit-remaining': String(Math.max(0, state.left)),
        'x-ratelimit-reset': (state.resetAt / 1000).toFixed(3),
        'x-ratelimit-reset-after': ((state.resetAt - state.now) / 1000).toFixed(3),
        'x-ratelimit-bucket': createHash('md5').update(route).digest('hex'),
      };
      if (state.allowed) return { headers };
      return { headers, refusal: refusal(state.resetAt, state.now, false, headers) };
    },
  };
}
