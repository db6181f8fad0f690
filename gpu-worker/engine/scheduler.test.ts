import { describe, expect, it } from 'vitest';
import type { EngineRequest } from './protocol.ts';
import { createScheduler, type Turn } from './scheduler.ts';

const training = { kind: 'train-subject' } as EngineRequest;
const rendering = { kind: 'render-prompt' } as EngineRequest;
const tick = () => new Promise((resolve) => setImmediate(resolve));

function watchScheduler() {
  const events: string[] = [];
  const ends = new Map<number, (outcome?: 'later') => void>();
  const turns = new Map<number, Turn>();
  const scheduler = createScheduler({
    run: (id, _request, turn) => {
      events.push(`${turn.isInterlude ? 'between' : 'begin'} ${id}`);
      turns.set(id, turn);
      turn.finish.addEventListener('abort', () => events.push(`finish ${id}`));
      return new Promise((resolve, reject) => {
        ends.set(id, (outcome) => resolve(outcome ?? 'done'));
        turn.signal.addEventListener('abort', () => {
          events.push(`stop ${id}`);
          reject(turn.signal.reason);
        });
      });
    },
    onDropped: (id) => events.push(`drop ${id}`),
  });
  const end = async (id: number, outcome?: 'later') => {
    ends.get(id)?.(outcome);
    await tick();
  };
  /** A request comes between two of its steps. @returns resolves when it may go on */
  const pause = (id: number) => turns.get(id)!.betweenSteps();
  return { scheduler, events, end, pause };
}

describe('the scheduler', () => {
  it('runs one request at a time, renderings before trainings that wait', async () => {
    const { scheduler, events, end } = watchScheduler();
    scheduler.add(1, training);
    scheduler.add(2, training);
    scheduler.add(3, rendering);
    scheduler.add(4, rendering);
    for (const id of [1, 3, 4, 2]) await end(id);
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

  it('serves one rendering between two steps of a training, and none in the middle of another', async () => {
    const { scheduler, events, end, pause } = watchScheduler();
    scheduler.add(1, training);
    await pause(1);
    scheduler.add(2, training);
    scheduler.add(3, rendering);
    scheduler.add(4, rendering);
    let goesOn = false;
    const paused = pause(1).then(() => {
      goesOn = true;
    });
    await tick();
    await tick();
    expect(goesOn).toBe(false);
    await end(3);
    await paused;
    const again = pause(1);
    await tick();
    await pause(4);
    await end(4);
    await again;
    await pause(1);
    await end(1);
    expect(events).toEqual(['begin 1', 'between 3', 'between 4', 'begin 2']);
  });

  it('puts off what finds no room beside the training until its end', async () => {
    const { scheduler, events, end, pause } = watchScheduler();
    scheduler.add(1, training);
    scheduler.add(2, rendering);
    scheduler.add(3, rendering);
    for (const [id, outcome] of [[2, 'later'], [3], []] as const) {
      const paused = pause(1);
      await tick();
      if (id !== undefined) await end(id, outcome);
      await paused;
    }
    await end(1);
    expect(events).toEqual(['begin 1', 'between 2', 'between 3', 'begin 2']);
  });

  it('lets a training stop without waiting for somebody else’s picture', async () => {
    const { scheduler, events, end, pause } = watchScheduler();
    scheduler.add(1, training);
    scheduler.add(2, rendering);
    scheduler.add(3, training);
    const paused = pause(1);
    await tick();
    scheduler.cancel(1);
    await paused;
    await tick();
    expect(events).toEqual(['begin 1', 'between 2', 'stop 1']);
    await end(2);
    expect(events.at(-1)).toBe('begin 3');
  });

  it('stops a rendering that is served between two steps, and the training goes on', async () => {
    const { scheduler, events, pause } = watchScheduler();
    scheduler.add(1, training);
    scheduler.add(2, rendering);
    const paused = pause(1);
    await tick();
    scheduler.cancel(2);
    await paused;
    expect(events).toEqual(['begin 1', 'between 2', 'stop 2']);
  });

  it('tells a training to finish, whether it runs or waits', async () => {
    const { scheduler, events, end } = watchScheduler();
    scheduler.add(1, training);
    scheduler.add(2, training);
    scheduler.finish(1);
    scheduler.finish(99);
    await end(1);
    scheduler.finish(2);
    expect(events).toEqual(['begin 1', 'finish 1', 'begin 2', 'finish 2']);
  });
});
