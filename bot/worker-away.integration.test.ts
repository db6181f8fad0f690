/** @file While no worker is there, whoever waits is told so; on a Redis of the test's own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderPrompt } from '#db/jobs/render-prompt.ts';
import { trainSubject } from '#db/jobs/train-subject.ts';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { openQueue } from '#db/queue.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { missingTestServices, startTestRedis } from '#db/testing/services.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import { readText } from '#playground/message-parts.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage, until } from './testing/bot-stage.ts';
import {
  reportTraining,
  requestTrainingAs,
  takeTraining,
  trainSubjectAs,
} from './testing/played-worker.ts';

const missing = missingTestServices();

const away = 'No worker is running at the moment. Yours is kept and goes on when one is back.';

describe.skipIf(missing !== undefined)(`without a worker${missing ? ` (${missing})` : ''}`, () => {
  let redis: Awaited<ReturnType<typeof startTestRedis>>;
  let stage: BotStage;
  let waiting: { run: TrainingRun; subject: Subject };
  let running: { run: TrainingRun; subject: Subject };

  beforeAll(async () => {
    redis = await startTestRedis();
    stage = await startBotStage({ redisUrl: redis.url, timings: { renditionProgressMs: 1 } });
    await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
    running = await requestTrainingAs(stage, 'ben', { name: 'Running' });
    await reportTraining(stage, running.run.id, await takeTraining(stage, running.run.id));
    waiting = await requestTrainingAs(stage, 'ada', { name: 'Waiting' });
  }, STAGE_TIMEOUT_MS);
  afterAll(async () => {
    expect(stage.playground.violations).toEqual([]);
    await stage.close();
    await redis.stop();
  });

  const imagine = (prompt: string): Promise<ActionOutcome> =>
    stage.playground.command({
      ...{ user: 'ada', name: 'imagine', options: { prompt }, until: 'settled' },
    });
  const jobs = async (subcommand: string, options: Record<string, string> = {}) => {
    const asked = await stage.playground.command({
      ...{ user: 'ada', name: 'jobs', subcommand, options, until: 'settled' },
    });
    return readText(asked.message!).split('\n');
  };
  /** Waits until the card of a row reads so. */
  const card = (about: string, end: string) =>
    until(
      () =>
        stage.playground
          .messages()
          .some((message) => readText(message).includes(about) && readText(message).endsWith(end)),
      `${about}: ${end}`,
    );

  test('nothing of it is said while one is there', async () => {
    expect((await imagine('a [Rex] in time')).message?.content).toBe(
      'I am drawing 1 picture of **Rex**. They will appear in this channel.',
    );
    await card('a [Rex] in time', 'Waiting for its turn');
    await card('**Waiting** (dog)', 'Waiting: 1 training before it');
    expect(await jobs('list')).not.toContain(away);
  });

  describe('when it is gone', () => {
    beforeAll(async () => {
      for (const worker of stage.workers) await worker.close({ force: true });
      await until(async () => !(await stage.queue.hasWorker('render-prompt')), 'gone');
    });

    test('the answer to /imagine says so, in the language of who asks', async () => {
      expect((await imagine('a [Rex] too late')).message?.content).toBe(
        `I am drawing 1 picture of **Rex**. They will appear in this channel. ${away}`,
      );
      stage.playground.changeUser('ada', { locale: 'de' });
      expect((await imagine('a [Rex] zu spät')).message?.content).toMatch(
        /in diesem Kanal\. Im Moment läuft kein Worker\. Dein Auftrag bleibt erhalten und geht weiter/,
      );
      stage.playground.changeUser('ada', { locale: 'en-US' });
    });

    test('the cards say so, and no end that nobody can tell', async () => {
      await card('a [Rex] in time', away);
      await card('**Waiting** (dog)', away);
      await card('**Running** (dog)', `Step 10 of 100\n${away}`);
    });

    test('/jobs says so', async () => {
      const asked = await imagine('a [Rex] again');
      const { id = '' } =
        (await findRenditionByInteraction(stage.database.db, asked.interactionId)) ?? {};
      expect((await jobs('list'))[0]).toBe(away);
      expect((await jobs('show', { job: id })).at(-1)).toBe(away);
      expect((await jobs('show', { job: waiting.run.id })).at(-1)).toBe(away);
    });

    test('what was kept goes on when one is back, and the cards say so', async () => {
      const taken: string[] = [];
      const { database } = stage;
      const queue = await openQueue({ database, redisUrl: redis.url });
      for (const contract of [trainSubject, renderPrompt]) {
        queue.createWorker(contract, async ({ rowId }) => {
          taken.push(rowId);
          return new Promise<never>(() => undefined);
        });
      }
      try {
        await card('**Waiting** (dog)', 'Waiting: 1 training before it');
        await card('a [Rex] in time', 'Waiting for its turn');
        await until(() => taken.includes(running.run.id), 'the training goes on');
        expect((await jobs('list'))[0]).not.toBe(away);
      } finally {
        await queue.close();
      }
    });
  });
});
