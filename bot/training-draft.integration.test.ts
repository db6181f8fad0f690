/** @file Before anything is learned: what is wrong with the photos, other ones, Start, Cancel, and the end of what nobody starts. */
import type { APIMessage } from 'discord.js';
import { eq, sql } from 'drizzle-orm';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listOpenTrainingRuns } from '#db/queries/training-runs.ts';
import { trainingDrafts } from '#db/schema/training-drafts.ts';
import { findCustomId, listFiles, readText } from '#playground/message-parts.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage, until } from './testing/bot-stage.ts';
import { startAsked } from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

type Upload = { name: string; bytes: Buffer };

/** A scene with many edges, unlike that of any other seed. */
async function drawPhoto(
  seed: number,
  change: { side?: number; blur?: number } = {},
): Promise<Upload> {
  const { side = 400, blur } = change;
  const shapes = Array.from({ length: 12 }, (_, i) => {
    const at = (n: number) => (seed * 97 + i * 61 + n * 37) % 320;
    return `<rect x="${at(1)}" y="${at(2)}" width="${20 + (at(3) % 60)}" height="${20 + (at(4) % 60)}" fill="hsl(${at(5)},70%,${20 + (at(6) % 60)}%)"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 320 320"><rect width="320" height="320" fill="hsl(${(seed * 83) % 360},60%,50%)"/>${shapes.join('')}</svg>`;
  const picture = sharp(Buffer.from(svg)).removeAlpha();
  return {
    name: `${seed}.png`,
    bytes: await (blur ? picture.blur(blur) : picture).png().toBuffer(),
  };
}

async function ask(user: string, name: string, photos: readonly Upload[]): Promise<APIMessage> {
  const sent = await stage.playground.command({
    user,
    name: 'train',
    options: { class: 'dog', name, consent: true },
    files: Object.fromEntries(photos.map((photo, index) => [`photo${index + 1}`, photo])),
    until: 'settled',
    timeoutMs: STAGE_TIMEOUT_MS,
  });
  expect(sent.ephemeral).toBe(true);
  return sent.message!;
}

const press = (user: string, message: APIMessage, start: string, how: object = {}) =>
  stage.playground.click({
    user,
    message: message.id,
    customId: findCustomId(message, start)!,
    until: 'settled',
    ...how,
  });

test('good photos are asked about once, with a guess at the time, and nothing is queued before Start', async () => {
  const photos = await Promise.all([1, 2, 3].map((seed) => drawPhoto(seed)));
  const question = await ask('ada', 'Rex', photos);
  expect(readText(question).split('\n')).toEqual([
    '**Rex** (dog): 3 photos',
    'They look good.',
    'I have not timed a training here yet. My guess: about 10 min.',
  ]);
  expect(listFiles(question)).toEqual([]);
  expect(await listOpenTrainingRuns(stage.database.db)).toEqual([]);
  expect(await stage.queue.listJobs('train-subject')).toEqual([]);

  await startAsked(stage, 'ada', question);
  const [open] = await listOpenTrainingRuns(stage.database.db);
  expect(open?.subject).toMatchObject({ name: 'Rex', classNoun: 'dog', status: 'training' });
  expect(await stage.queue.listJobs('train-subject')).toEqual([open?.run.id]);
  expect(await stage.database.db.select().from(trainingDrafts)).toEqual([]);
  expect(await stage.countFiles()).toBe(3);

  const again = await press('ada', question, 'train-start:', { forge: true });
  expect(again.followUps[0]?.content).toMatch(/^This question is over/);
});

test('small, blurred and like photos are shown with the reason, and others take their place', async () => {
  const before = await stage.countFiles();
  const photos = [
    await drawPhoto(10),
    await drawPhoto(11, { side: 200 }),
    await drawPhoto(12, { blur: 20 }),
    await drawPhoto(10, { side: 380 }),
    await drawPhoto(13),
  ];
  const question = await ask('ben', 'Bolt', photos);
  expect(readText(question).split('\n').slice(0, 4)).toEqual([
    '**Bolt** (dog): 5 photos',
    'Photo 2 is small (200 pixels). A larger one shows more.',
    'Photo 3 is blurred.',
    'Photos 1 and 4 are nearly the same. One of them is enough.',
  ]);
  expect(listFiles(question).map(({ name }) => name)).toEqual([
    'photo-1.png',
    'photo-2.png',
    'photo-3.png',
    'photo-4.png',
  ]);
  expect(listFiles(question)[1]?.description).toContain('Photo 2. Photo 2 is small');
  expect(JSON.stringify(question.components)).toContain('Replace photos 2, 3 and 4');
  expect(await stage.countFiles()).toBe(before + 5);

  // State is in rows: a restart changes nothing.
  await stage.restart();
  const customId = findCustomId(question, 'train-replace:')!;
  await stage.playground.click({ user: 'ben', message: question.id, customId, timeoutMs: 20_000 });
  const sent = await stage.playground.modal({
    user: 'ben',
    customId,
    files: { photos: [await drawPhoto(14), await drawPhoto(15)] },
    until: 'settled',
  });
  expect(readText(sent.message!).split('\n').slice(0, 2)).toEqual([
    '**Bolt** (dog): 4 photos',
    'They look good.',
  ]);
  expect(await stage.countFiles()).toBe(before + 4);
  await startAsked(stage, 'ben', sent.message);
  const open = await listOpenTrainingRuns(stage.database.db);
  expect(open.map(({ subject }) => subject.name)).toContain('Bolt');
});

test('the same background throughout is named', async () => {
  const flat = async (seed: number): Promise<Upload> => {
    const { bytes } = await drawPhoto(seed, { side: 300 });
    const extend = { top: 90, bottom: 90, left: 90, right: 90, background: '#8899aa' } as const;
    return { name: `${seed}.png`, bytes: await sharp(bytes).extend(extend).png().toBuffer() };
  };
  const question = await ask('cleo', 'Wall', [await flat(21), await flat(22), await flat(23)]);
  expect(readText(question)).toContain('All photos have the same background');
  expect(JSON.stringify(question.components)).toContain('Other photos');
  await press('cleo', question, 'train-discard:');
});

test('Cancel deletes the photos, and leaves no row and no name behind', async () => {
  const before = await stage.countFiles();
  const photos = await Promise.all([31, 32, 33].map((seed) => drawPhoto(seed)));
  const question = await ask('dora', 'Gone', photos);
  const cancelled = await press('dora', question, 'train-discard:');
  expect(readText(cancelled.message!)).toBe('Nothing was learned, and the photos are deleted.');
  expect(await stage.countFiles()).toBe(before);
  await startAsked(stage, 'dora', await ask('dora', 'Gone', photos));
});

test('nobody else answers, and what is asked twice is asked once', async () => {
  const photos = await Promise.all([41, 42, 43].map((seed) => drawPhoto(seed)));
  const question = await ask('eve', 'Mine', photos);
  for (const start of ['train-start:', 'train-discard:']) {
    const pressed = await press('fay', question, start, { forge: true });
    expect(pressed.followUps[0]?.content).toMatch(/^This question is over/);
  }
  const form = await press('fay', question, 'train-replace:', { forge: true });
  expect(form.message?.content).toMatch(/^This question is over/);
  await press('eve', question, 'train-discard:');
});

test('a question that nobody answers for a day is forgotten with its photos', async () => {
  const before = await stage.countFiles();
  const photos = await Promise.all([51, 52, 53].map((seed) => drawPhoto(seed)));
  await ask('fay', 'Forgotten', photos);
  expect(await stage.countFiles()).toBe(before + 3);
  const { db } = stage.database;
  await db
    .update(trainingDrafts)
    .set({ createdAt: sql`now() - interval '25 hours'` })
    .where(eq(trainingDrafts.name, 'Forgotten'));
  await until(async () => (await stage.countFiles()) === before, 'photos deleted');
  expect(await db.select().from(trainingDrafts)).toEqual([]);
});
