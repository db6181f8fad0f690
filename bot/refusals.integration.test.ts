/** @file Everything that is refused: one clear sentence that only the user sees, and no row, file, job or message left. */
import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listSubjects } from '#db/queries/subjects.ts';
import { failTraining } from '#db/queries/training-attempts.ts';
import type { ActionOutcome, ActionSettings } from '#playground/delivery.ts';
import {
  type BotStage,
  makePhotos,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import { requestTrainingAs, takeTraining, trainSubjectAs } from './testing/played-worker.ts';

type Upload = { name: string; bytes: Buffer };

/** A PNG whose header says 60000 × 60000. */
function hugePng(): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(60_000, 0);
  header.writeUInt32BE(60_000, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, bytes: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), bytes]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(bytes.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const magic = Buffer.from('89504e470d0a1a0a', 'hex');
  const pixels = deflateSync(Buffer.alloc(100));
  return Buffer.concat([
    magic,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
const heic = Buffer.concat([
  Buffer.from([0, 0, 0, 24]),
  Buffer.from('ftypheic\0\0\0\0mif1heic', 'latin1'),
  randomBytes(64),
]);

/** One answer, seen by its user only, holding one sentence or two. */
function expectOneSentence(outcome: ActionOutcome, sentence: RegExp): void {
  expect(outcome.message?.content).toMatch(sentence);
  expect(outcome.message?.content.split('\n')).toHaveLength(1);
  expect(outcome.message?.content).not.toMatch(/Something went wrong/);
  expect(outcome.ephemeral).toBe(true);
  expect(outcome.loading).toBe(false);
  expect(outcome.followUps).toEqual([]);
}

/** What a refusal must leave as it was. */
async function countTraces() {
  const rows = await Promise.all(
    Object.values(stage.playground.users).map(({ id }) =>
      listSubjects(stage.database.db, { ownerId: id }),
    ),
  );
  return {
    subjects: rows.flat().length,
    files: await stage.countFiles(),
    trainings: (await stage.queue.listJobs('train-subject')).length,
    renditions: (await stage.queue.listJobs('render-prompt')).length,
    messages: stage.playground.messages().length,
  };
}

let stage: BotStage;
let good: Upload[];
beforeAll(async () => {
  stage = await startBotStage({
    classNouns: ['boat', 'cat', 'car', 'dog', 'horse', 'house', 'mug'],
  });
  good = await makePhotos(10);
}, STAGE_TIMEOUT_MS);
afterAll(() => stage.close());

/** @returns the upload options of `/train` */
const asOptions = (photos: readonly Upload[]) =>
  Object.fromEntries(photos.map((photo, index) => [`photo${index + 1}`, photo]));

describe('/train', () => {
  let before: Awaited<ReturnType<typeof countTraces>>;
  beforeEach(async () => {
    before = await countTraces();
  });
  afterEach(async () => {
    expect(await countTraces()).toEqual(before);
    expect(stage.playground.violations).toEqual([]);
  });

  /** Sends the form, as a client that checks nothing. */
  async function sendForm(
    photos: Upload[],
    how: Partial<ActionSettings> & { values?: Record<string, string | string[]> } = {},
  ): Promise<ActionOutcome> {
    await stage.playground.command({ user: 'ada', name: 'train', timeoutMs: 20_000 });
    return stage.playground.modal({
      user: 'ada',
      customId: 'train',
      files: { photos },
      forge: true,
      until: 'settled',
      ...how,
      values: { class: 'dog', name: 'Rex', consent: ['yes'], ...how.values },
    });
  }

  const withThird = (name: string, bytes: Buffer) => [...good.slice(0, 2), { name, bytes }];

  test.each<[string, () => Upload[], RegExp]>([
    [
      'a photo that is not an image',
      () => withThird('x.png', Buffer.from('hello, I am a photo')),
      /^Photo 3 \(x\.png\) is not a picture\./,
    ],
    [
      'a 60000² PNG header',
      () => withThird('x.png', hugePng()),
      /^Photo 3 .* has more than 40 megapixels\. Send a smaller copy\.$/,
    ],
    ['an SVG', () => withThird('x.svg', svg), /^Photo 3 .* is an SVG drawing, .* Save it as png/],
    [
      'an SVG called png',
      () => withThird('x.png', svg),
      /^Photo 3 .* is an SVG drawing, .* Save it as png/,
    ],
    [
      'a HEIC',
      () => withThird('x.heic', heic),
      /^Photo 3 .* is a HEIC photo, .* Convert it to jpeg/,
    ],
    ['2 photos', () => good.slice(0, 2), /^I need 3 to 10 photos and got 2\./],
    [
      'a forged payload of 11',
      () => [...good, { name: 'x.png', bytes: good[0]!.bytes }],
      /^I take 3 to 10 photos and got 11\./,
    ],
    ['no photo at all', () => [], /^I need 3 to 10 photos and got 0\./],
    [
      'the same photo three times',
      () => [good[0]!, good[0]!, good[0]!],
      /^Several photos are the same: only 1 different photo came\./,
    ],
  ])('with %s ends in one clear message and no lost row', async (_, photos, sentence) => {
    expectOneSentence(await sendForm(photos()), sentence);
  });

  test('with an expired link ends in one clear message and no lost row', async () => {
    const sent = await sendForm(good.slice(0, 3), { expireLinks: true });
    expectOneSentence(
      sent,
      /^Photo 1 .* is no longer there: its link has expired\. Upload it again\.$/,
    );
  });

  test.each([
    'http://127.0.0.1:22/photo.png',
    'http://localhost/photo.png',
    'https://cdn.discordapp.com@127.0.0.1/photo.png',
    'file:///etc/passwd',
    'http://169.254.169.254/latest/meta-data',
  ])('with a link to %s ends in one clear message and no lost row', async (attachmentUrl) => {
    const sent = await sendForm(good.slice(0, 3), { attachmentUrl });
    expectOneSentence(sent, /^Photo 1 .* does not come from Discord\. Upload the file itself/);
  });

  test('with a class noun the base does not know ends in one clear message with the nearest five', async () => {
    const sent = await sendForm(good.slice(0, 3), { values: { class: 'doggo' } });
    expectOneSentence(
      sent,
      /^I do not know what `doggo` is\. The nearest words that I know: `dog`, `boat`, `horse`, `house` and `mug`\./,
    );
  });

  test.each<[string, Record<string, string | string[]>, RegExp]>([
    [
      'a class noun of four words',
      { class: 'my own little dog' },
      /^The class is one to three plain words/,
    ],
    ['a name in brackets', { name: '[Rex]' }, /^A name has 1 to 32 characters/],
    ['V as a name', { name: 'v' }, /^A name has 1 to 32 characters/],
    ['no consent', { consent: [] }, /^I only learn from photos that you may use\./],
  ])('with %s ends in one clear message and no lost row', async (_, values, sentence) => {
    expectOneSentence(await sendForm(good.slice(0, 3), { values }), sentence);
  });

  test('with photos as options but without a class says so', async () => {
    const files = asOptions(good.slice(0, 3));
    const sent = await stage.playground.command({
      user: 'ada',
      name: 'train',
      options: { consent: true },
      files,
      until: 'settled',
    });
    expectOneSentence(sent, /^Tell me what it is: use `\/train` again with `class`/);
  });

  test.each<[string, Record<string, boolean>]>([
    ['without consent', {}],
    ['with consent denied', { consent: false }],
  ])('with photos as options %s says so before anything is fetched', async (_, consent) => {
    const fetched = () => stage.playground.log().filter(({ kind }) => kind === 'cdn').length;
    const downloads = fetched();
    const sent = await stage.playground.command({
      user: 'ada',
      name: 'train',
      files: asOptions(good.slice(0, 3)),
      options: { class: 'dog', name: 'Rex', ...consent },
      until: 'settled',
    });
    expectOneSentence(
      sent,
      /^I only learn from photos that you may use: .* set `consent` to `True`\.$/,
    );
    expect(fetched()).toBe(downloads);
  });

  test('where the bot may not post says what is missing', async () => {
    stage.playground.createChannel({ name: 'closed' });
    stage.playground.changeChannel('closed', { botPermissions: 1n << 10n });
    const files = asOptions(good.slice(0, 3));
    const options = { class: 'dog', name: 'Rex', consent: true };
    const sent = await stage.playground.command({
      user: 'ada',
      channel: 'closed',
      name: 'train',
      files,
      options,
      until: 'settled',
    });
    expectOneSentence(
      sent,
      /Ask an admin to give me \*\*Send Messages\*\* and \*\*Attach Files\*\* here/,
    );
  });

  test('suggests class nouns that the base knows', async () => {
    const typed = await stage.playground.autocomplete({
      user: 'ada',
      name: 'train',
      focused: 'class',
      value: 'ca',
      timeoutMs: 20_000,
    });
    expect(typed.choices?.map(({ value }) => value)).toEqual(['cat', 'car']);
  });
});

describe('/imagine', () => {
  beforeAll(async () => {
    await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
    await trainSubjectAs(stage, 'cleo', { name: 'Mia', classNoun: 'cat' }, 'aqz');
    await trainSubjectAs(stage, 'cleo', { name: 'Cup', classNoun: 'mug' }, 'bqz');
    await trainSubjectAs(stage, 'cleo', { name: 'Hat', classNoun: 'mug' }, 'cqz');
    await requestTrainingAs(stage, 'ben', { name: 'Bolt', classNoun: 'horse' });
    const lost = await requestTrainingAs(stage, 'eve', { name: 'Lost' });
    const attempt = await takeTraining(stage, lost.run.id);
    await failTraining(stage.database.db, lost.run.id, attempt, { code: 'NAN_LOSS' });
    await until(() => stage.playground.messages().length === 6, 'messages of all trainings');
  }, STAGE_TIMEOUT_MS);
  let before: Awaited<ReturnType<typeof countTraces>>;
  beforeEach(async () => {
    before = await countTraces();
  });
  afterEach(async () => {
    expect(await countTraces()).toEqual(before);
    expect(stage.playground.violations).toEqual([]);
  });

  const imagine = (user: string, prompt: string, options: Record<string, string | number> = {}) =>
    stage.playground.command({
      user,
      name: 'imagine',
      options: { prompt, ...options },
      until: 'settled',
    });

  test.each<[string, string, string, RegExp]>([
    [
      'a prompt without [V]',
      'ada',
      'a dog on the beach',
      /Say where your subject goes with `\[V\]`\. Try: `a \[V\] dog on the beach`$/,
    ],
    [
      'a prompt with an unknown [name]',
      'ada',
      'a [Nobody] on the beach',
      /^Nothing is called `\[Nobody\]` here\./,
    ],
    [
      "a prompt with another user's [name]",
      'ada',
      'a [Mia] on the beach',
      /^Nothing is called `\[Mia\]` here\./,
    ],
    [
      'a prompt of 4,000 characters',
      'ada',
      `[V] ${'x'.repeat(3996)}`,
      /^The prompt has 4000 characters and I take at most 1000\./,
    ],
    ['a prompt of nothing but spaces', 'ada', '   ', /^The prompt is empty\./],
    [
      'two subjects of which one was learned with whole weights',
      'cleo',
      '[Mia] with a [Cup]',
      /^\*\*Mia\*\* was learned with whole weights,/,
    ],
    [
      'three subjects in one prompt',
      'cleo',
      '[Mia] with a [Cup] and a [Hat]',
      /^One picture can show two subjects at most\./,
    ],
    [
      'no [V] while there are several subjects',
      'cleo',
      'a cat',
      /^Say where your subject goes: write `\[V\]` or its `\[name\]`/,
    ],
    ['[V] before training ended', 'ben', 'a [V]', /^\*\*Bolt\*\* is still being learned\./],
    ['a [name] before training ended', 'ben', 'a [Bolt]', /^\*\*Bolt\*\* is still being learned\./],
    [
      '[V] before any training',
      'dora',
      'a [V]',
      /^You have not taught me anything yet\. Start with `\/train`/,
    ],
  ])('with %s ends in one clear message and no lost row', async (_, user, prompt, sentence) => {
    expectOneSentence(await imagine(user, prompt), sentence);
  });

  test('with a subject chosen but no [V] shows the prompt as it should be', async () => {
    const typed = await stage.playground.autocomplete({
      user: 'cleo',
      name: 'imagine',
      focused: 'subject',
      value: 'mi',
      timeoutMs: 20_000,
    });
    expect(typed.choices?.map(({ name }) => name)).toEqual(['Mia (cat)']);
    const subject = String(typed.choices?.[0]?.value);
    const sent = await imagine('cleo', 'in the snow', { subject });
    expectOneSentence(sent, /Try: `a \[V\] cat in the snow`$/);
    const forged = await imagine('ada', 'a [V]', { subject });
    expectOneSentence(forged, /^I do not know this subject\./);
  });

  test('for a subject whose training failed says so', async () => {
    expectOneSentence(await imagine('eve', 'a [Lost]'), /^\*\*Lost\*\* was not learned/);
    const listed = await stage.playground.command({
      user: 'eve',
      name: 'subject',
      subcommand: 'list',
      until: 'settled',
    });
    expect(listed.message?.content).toBe(
      '• **Lost** (dog, 3 photos): not learned: The learning went astray and was stopped. Try `/train` again, best with other photos.',
    );
  });
});

describe('/train with a name that is taken', () => {
  test('ends in one clear message, and the photos that came with it are deleted again', async () => {
    await requestTrainingAs(stage, 'fay', { name: 'Taken' });
    await until(() => stage.playground.messages().length === 7, 'the training message');
    const before = await countTraces();
    const sent = await stage.playground.command({
      user: 'fay',
      name: 'train',
      files: asOptions(good.slice(0, 3)),
      options: { class: 'dog', name: ' TAKEN ', consent: true },
      until: 'settled',
    });
    expectOneSentence(sent, /^You already have a subject called \*\*TAKEN\*\*\./);
    expect(await countTraces()).toEqual(before);
  });
});
