import { describe, expect, it } from 'vitest';
import type { EngineRequest } from './protocol.ts';
import { createScheduler } from './scheduler.ts';

const training = { kind: 'train-subject' } as EngineRequest;
const rendering = { kind: 'render-prompt' } as EngineRequest;
const tick = () => new Promise((resolve) => setImmediate(resolve));

function watchScheduler() {
  const events: string[] = [];
  const ends = new Map<number, () => void>();
  const scheduler = createScheduler({
    run: (id, _request, signal) => {
      events.push(`begin ${id}`);
      return new Promise((resolve, reject) => {
        ends.set(id, resolve);
        signal.addEventListener('abort', () => {
          events.push(`stop ${id}`);
          reject(signal.reason);
        });
      });
    },
    onDropped: (id) => events.push(`drop ${id}`),
  });
  return { scheduler, events, end: (id: number) => ends.get(id)?.() };
}

describe('the scheduler', () => {
  it('runs one request at a time, renderings before trainings that wait', async () => {
    const { scheduler, events, end } = watchScheduler();
    scheduler.add(1, training);
    scheduler.add(2, training);
    scheduler.add(3, rendering);
    scheduler.add(4, rendering);
    for (const id of [1, 3, 4, 2]) {
      await tick();
      end(id);
    }
    expect(events).toEqual(['begin 1', 'begin 3', 'begin 4', 'begin 2']);
  });

  it('stops the running request and goes on with the next, and drops a waiting one', async () => {
    const { scheduler, events } = watchScheduler();
    scheduler.add(1, training);
    scheduler.add(2, rendering);
    scheduler.add(3, rendering);
    scheduler.cancel(2);
    scheduler.cancel(1);
    scheduler.cancel(99);
    await tick();
    expect(events).toEqual(['begin 1', 'drop 2', 'stop 1', 'begin 3']);
  });
});
