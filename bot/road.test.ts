/** @file The road through the bot: photos in, rows and jobs, messages out. The worker's rows are written by hand. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { findTrainingByInteraction, getTrainingRunWithSubject } from '#db/queries/training-runs.ts';
import { listFiles, readText } from '#playground/message-parts.ts';
import {
  type BotStage,
  makePhotos,
  makePicture,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import {
  finishRendition,
  finishTraining,
  reportTraining,
  startAsked,
  takeTraining,
} from './testing/played-worker.ts';

describe('the road through the bot', () => {
  let stage: BotStage;
  beforeAll(async () => {
    stage = await startBotStage();
  }, STAGE_TIMEOUT_MS);
  afterAll(() => stage.close());

  test('/train opens one form; its photos become rows, encrypted files and a job, then samples in the channel', async () => {
    const { playground, database } = stage;
    const opened = await playground.command({ user: 'ada', name: 'train', timeoutMs: 20_000 });
    expect(opened.callbackType).toBe(9);

    const sent = await playground.modal({
      user: 'ada',
      customId: 'train',
      values: { class: 'Dog', name: 'Rex', consent: ['yes'] },
      files: {
        photos: [
          ...(await makePhotos(2)),
          { name: 'a.jpg', bytes: await makePicture(3, 'jpeg') },
          { name: 'b.webp', bytes: await makePicture(4, 'webp') },
        ],
      },
      until: 'settled',
      timeoutMs: STAGE_TIMEOUT_MS,
    });
    expect(sent.ephemeral).toBe(true);
    expect(readText(sent.message!)).toContain('**Rex** (dog): 4 photos');
    expect(await stage.queue.listJobs('train-subject')).toEqual([]);
    await startAsked(stage, 'ada', sent.message);
    const found = await findTrainingByInteraction(database.db, sent.interactionId);
    if (!found) throw new Error('no row');
    const row = await getTrainingRunWithSubject(database.db, found.run.id);
    expect(row?.photos.map(({ width, height }) => [width, height])).toEqual(
      Array(4).fill([64, 48]),
    );
    expect(await stage.countFiles()).toBe(4);
    expect(await stage.queue.hasJob('train-subject', found.run.id)).toBe(true);

    const waiting = await stage.see('Waiting: it is next');
    const attempt = await takeTraining(stage, found.run.id);
    await reportTraining(stage, found.run.id, attempt, { step: 40, totalSteps: 100 });
    const running = await stage.see('Step 40 of 100');
    expect(running.id).toBe(waiting.id);
    expect(readText(running).split('\n')).toEqual([
      `**Rex** (dog) for <@${playground.users.ada?.id}>`,
      'Stage 3 of 5: Learning',
      '▰▰▰▰▱▱▱▱▱▱ 40 %',
      'Step 40 of 100',
      expect.stringMatching(/^Ends <t:\d{10}:R>$/),
    ]);
    await finishTraining(stage, found.run, attempt);
    const ended = await stage.see('Ready.');
    expect(ended.id).toBe(waiting.id);
    expect(readText(ended).split('\n')).toEqual([
      `**Rex** (dog) for <@${playground.users.ada?.id}>`,
      'Ready. Try `/imagine prompt: a [V] dog on the beach`',
      '**After step 100**, in use',
      '“a dog”: above as before, below as after learning',
    ]);
    expect(listFiles(ended).map(({ name }) => name)).toEqual([
      'step-100.png',
      'class-before-and-after.png',
    ]);
    expect(listFiles(ended)[0]?.description).toBe('Samples: Rex, a dog, drawn after step 100');
  });

  test('/imagine draws with identifier and class noun in place of [V], and posts with a Publish button', async () => {
    const { playground, database } = stage;
    const asked = await playground.command({
      user: 'ada',
      name: 'imagine',
      options: { prompt: 'a [V] on the beach', count: 2, seed: 7 },
      until: 'settled',
    });
    expect(asked.message?.content).toContain('I am drawing 2 pictures of **Rex**');
    const rendition = await findRenditionByInteraction(database.db, asked.interactionId);
    if (!rendition) throw new Error('no row');
    expect(rendition.resolvedPrompt).toBe('a zwx dog on the beach');
    expect([rendition.seed, rendition.count]).toEqual([7, 2]);
    expect(await stage.queue.hasJob('render-prompt', rendition.id)).toBe(true);

    await finishRendition(stage, rendition);
    const posted = await stage.see('Seed 7');
    expect(listFiles(posted)).toMatchObject([
      { name: 'rendition-1.png', description: 'Picture 1 of 2: a [V] on the beach' },
      { name: 'rendition-2.png', description: 'Picture 2 of 2: a [V] on the beach' },
    ]);
    const pressed = await playground.click({
      user: 'ada',
      message: posted.id,
      customId: `publish:${rendition.id}:1`,
      until: 'settled',
    });
    expect(pressed.message?.content).toContain('Published.');
    const page = await playground.command({
      user: 'ben',
      name: 'gallery',
      subcommand: 'browse',
      until: 'settled',
    });
    expect(page.message && listFiles(page.message).map(({ name }) => name)).toEqual([
      'gallery-1.png',
    ]);
  });

  test('every request and answer fits the description of the API that Discord publishes', async () => {
    await until(() => stage.playground.violations.length === 0 || undefined);
    expect(stage.playground.violations).toEqual([]);
  });
});
