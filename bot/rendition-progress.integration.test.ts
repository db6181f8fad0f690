/** @file The message of a rendition that takes its time: posted once, edited with previews, and in the end the card. */
import type { APIMessage } from 'discord.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRenditionAttempt, updateRenditionProgress } from '#db/queries/rendition-attempts.ts';
import { findRenditionByInteraction, getRendition } from '#db/queries/renditions.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { listFiles, readText } from '#playground/message-parts.ts';
import { ensureDataKey } from './intake/data-keys.ts';
import {
  type BotStage,
  makePicture,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs } from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage({ timings: { renditionProgressMs: 1 } });
  await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

const db = () => stage.database.db;
const about = (prompt: string) =>
  stage.playground.messages().filter((message) => readText(message).includes(prompt));

async function imagine(prompt: string): Promise<{ rendition: Rendition; message: APIMessage }> {
  const asked = await stage.playground.command({
    user: 'ada',
    name: 'imagine',
    options: { prompt, count: 2, seed: 7 },
    until: 'settled',
  });
  const rendition = await findRenditionByInteraction(db(), asked.interactionId);
  if (!rendition) throw new Error(`no row; the answer was: ${asked.message?.content}`);
  const message = await until(() => about(prompt)[0], 'its message');
  return { rendition, message };
}

const press = (user: string, message: APIMessage, rendition: Rendition) =>
  stage.playground.click({
    user,
    message: message.id,
    customId: `cancel-rendition:${rendition.id}`,
    until: 'settled',
  });

test('a rendition that waits says so, then shows what there is to see, then its pictures, in one message', async () => {
  const { rendition, message } = await imagine('a [V] in fog');
  expect(readText(message)).toMatch(/\n> a \[V\] in fog\nWaiting for its turn$/);
  const started = await startRenditionAttempt(db(), rendition.id);
  const attempt = started.started ? started.attempt : 0;
  const ownerDataKey = await ensureDataKey(db(), stage.masterKey, rendition.userId);
  const preview = await stage.store.put(await makePicture(8), { ownerDataKey });
  await updateRenditionProgress(db(), rendition.id, attempt, {
    stage: 'rendering',
    step: 5,
    totalSteps: 20,
    secondsLeft: 90,
    previewFileIds: [preview],
  });
  const running = await until(() => about('Step 5 of 20')[0], 'its progress');
  expect(running.id).toBe(message.id);
  expect(readText(running).split('\n').slice(2)).toEqual([
    '▰▰▱▱▱▱▱▱▱▱ 25 %',
    'Step 5 of 20',
    'Time left: about 2 min',
  ]);
  expect(listFiles(running)).toMatchObject([
    { name: 'preview.png', description: 'Unfinished, as it looks by now: a [V] in fog' },
  ]);
  await stage.restart(() => finishRendition(stage, rendition));
  const ended = await until(() => about('Seed 7')[0], 'its end');
  expect(ended.id).toBe(message.id);
  expect(listFiles(ended).map(({ name }) => name)).toEqual(['rendition-1.png', 'rendition-2.png']);
  expect(about('a [V] in fog')).toHaveLength(1);
});

test('Cancel stops it for who asked for it, and for nobody else', async () => {
  const { rendition, message } = await imagine('a [V] in rain');
  const other = await press('ben', message, rendition);
  expect(other.message?.content).toBe(
    'Only the person who asked for these pictures can cancel them.',
  );
  const pressed = await press('ada', message, rendition);
  expect(pressed.message?.content).toBe('Cancelled.');
  const ended = await until(
    () => about('a [V] in rain').find((item) => readText(item).endsWith('Cancelled.')),
    'its end',
  );
  expect(ended.id).toBe(message.id);
  expect((await getRendition(db(), rendition.id))?.status).toBe('cancelled');
});
