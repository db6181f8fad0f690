/** @file When repeated work is done. */
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Loop, startLoop } from './loop.ts';

const HOUR_MS = 3_600_000;

let calls: number;
let failures: number;
let loop: Loop;
beforeEach(() => {
  vi.useFakeTimers();
  calls = 0;
  failures = 0;
  loop = startLoop('work', HOUR_MS, pino({ level: 'silent' }), async () => {
    calls += 1;
    if (calls <= failures) throw new Error('an outage');
  });
});
afterEach(async () => {
  await loop.stop();
  vi.useRealTimers();
});
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('work is done at once, then after each interval, however long', async () => {
  await wait(0);
  expect(calls).toBe(1);
  await wait(HOUR_MS - 1);
  expect(calls).toBe(1);
  await wait(1);
  expect(calls).toBe(2);
});

test('a kick does it now', async () => {
  await wait(0);
  loop.kick();
  await wait(0);
  expect(calls).toBe(2);
});

test('after a failure it is tried again in half a minute at most, and kicks do not hammer', async () => {
  failures = 2;
  await wait(0);
  loop.kick();
  await wait(1_000);
  expect(calls).toBe(1);
  await wait(29_000);
  expect(calls).toBe(2);
  await wait(30_000);
  expect(calls).toBe(3);
  await wait(HOUR_MS - 1);
  expect(calls).toBe(3);
});

test('a stopped loop does nothing more', async () => {
  await wait(0);
  await loop.stop();
  loop.kick();
  await wait(2 * HOUR_MS);
  expect(calls).toBe(1);
});
