/** @file `/defaults` over the playground: what is set is shown, used where an option is missing, and told in Info. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { readText } from '#playground/message-parts.ts';
import { fillWish } from './intake/own-defaults.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage } from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs } from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
  await trainSubjectAs(stage, 'ada', { name: 'Rex' });
  await trainSubjectAs(stage, 'ada', { name: 'Mia', classNoun: 'cat' }, 'aqz');
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

type Options = Record<string, string | number>;

async function defaults(subcommand: string, options: Options = {}, user = 'ada') {
  const settings = { user, name: 'defaults', subcommand, options, until: 'settled' } as const;
  return (await stage.playground.command(settings)).message?.content ?? '';
}

async function draw(name: string, options: Options, subcommand?: string) {
  const sent = await stage.playground.command({
    ...{ user: 'ada', name, options, until: 'settled' },
    ...(subcommand && { subcommand }),
  });
  const row = await findRenditionByInteraction(stage.database.db, sent.interactionId);
  if (!row) throw new Error(`no row; the answer was: ${sent.message?.content}`);
  return row;
}

const untouched = [
  '**Your defaults**, where `/imagine` and `/preset` are not told otherwise',
  'count: 1',
  'aspect: as I recommend',
  'steps: as I recommend',
  'guidance: as I recommend',
  'sampler: as I recommend',
  'negative: nothing',
  'subject: your only one, else I ask',
].join('\n');

test('defaults are shown, set one by one, and kept for their user alone', async () => {
  expect(await defaults('show')).toBe(untouched);
  await defaults('set', { count: 2, guidance: 4.5 });
  const all = {
    steps: 30,
    aspect: '3:2',
    sampler: 'unipc',
    negative: ' blur\n`x` ',
    subject: 'Mia',
  };
  const shown = [
    'count: 2',
    'aspect: 3:2 landscape',
    'steps: 30',
    'guidance: 4.5',
    'sampler: UniPC',
    "negative: `blur 'x'`",
    'subject: **Mia**',
  ].join('\n');
  expect(await defaults('set', all)).toContain(shown);
  expect(await defaults('show')).toContain(shown);
  expect(await defaults('show', {}, 'ben')).toBe(untouched);
});

test('/imagine uses them where an option is missing, and Info says so', async () => {
  const row = await draw('imagine', { prompt: 'a [V] in snow', guidance: 7, negative: 'rain' });
  expect(row).toMatchObject({
    count: 2,
    settings: {
      guidanceScale: 7,
      negativePrompt: 'rain',
      numInferenceSteps: 30,
      aspect: '3:2',
      sampler: 'unipc',
      ownDefaults: ['count', 'aspect', 'numInferenceSteps', 'sampler'],
    },
  });
  expect(row.resolvedPrompt).toBe('a aqz cat in snow');
  await finishRendition(stage, row);
  const card = await stage.see('a [V] in snow');
  const info = await stage.playground.click({
    ...{ user: 'ada', message: card.id, customId: `info:${row.id}`, until: 'settled' },
  });
  const told = info.message && readText(info.message);
  expect(told).toContain('own defaults: count, aspect, steps, sampler');
  expect(told).toContain('guidance: 7\nsteps: 30\nsampler: unipc\naspect: 3:2\n');

  const again = await stage.playground.click({
    ...{ user: 'ada', message: card.id, customId: `again:${row.id}`, until: 'settled' },
  });
  const next = await findRenditionByInteraction(stage.database.db, again.interactionId);
  const { ownDefaults: _, ...settings } = row.settings;
  expect(next).toMatchObject({ count: 2, parentId: row.id });
  expect(next?.settings).toEqual(settings);
});

test('/preset uses them, too', async () => {
  const row = await draw('preset', { where: 'in the jungle', count: 1 }, 'recontextualize');
  expect(row).toMatchObject({ count: 1, settings: { guidanceScale: 4.5, aspect: '3:2' } });
});

test('what the deployment does not allow is refused, and nothing is set', async () => {
  const before = await defaults('show');
  expect(await defaults('set', { steps: 51, count: 3 })).toBe(
    'Here I take at most 50 steps for a picture. Ask for fewer.',
  );
  expect(await defaults('set', { count: 3, subject: 'Nobody' })).toMatch(/^You have no/);
  expect(await defaults('set')).toMatch(/^Choose at least one option/);
  expect(await defaults('show')).toBe(before);
});

test('what a deployment no longer allows is held to what it allows', () => {
  const wish = { prompt: 'a [V]', seed: null, count: undefined, settings: {} };
  const limits = { maxCount: 2, maxSteps: 20, maxOpen: 1 };
  expect(fillWish(wish, { count: 4, numInferenceSteps: 90 }, limits)).toMatchObject({
    count: 2,
    settings: { numInferenceSteps: 20 },
  });
});

test('one default or all are reset', async () => {
  expect(await defaults('reset', { what: 'guidanceScale' })).toContain('guidance: as I recommend');
  expect(await defaults('show')).toContain('count: 2');
  expect(await defaults('reset', { what: 'subject' })).toContain('subject: your only one');
  expect(await defaults('reset')).toBe(untouched);
  const row = await draw('imagine', { prompt: 'a [Rex] in snow' });
  expect(row).toMatchObject({ count: 1, settings: {} });
  expect(row.settings).toEqual({});
});
