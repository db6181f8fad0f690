/** @file `/imagine` over the playground: what it asks, and what its buttons and menus do, also after a restart. */
import type { APIMessage } from 'discord.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listShownSubjects } from '#db/queries/rendition-subjects.ts';
import { findRenditionByInteraction, getRendition } from '#db/queries/renditions.ts';
import { shareSubject } from '#db/queries/shares.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import { readText } from '#playground/message-parts.ts';
import { paperPresets } from './presets.ts';
import {
  type BotStage,
  makePicture,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs } from './testing/played-worker.ts';

let stage: BotStage;
let mia: Subject;
let cup: Subject;
beforeAll(async () => {
  const { sculpt: _, ...presets } = paperPresets;
  stage = await startBotStage({ presets });
  await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
  mia = await trainSubjectAs(stage, 'cleo', { name: 'Mia', classNoun: 'cat' }, 'aqz');
  cup = await trainSubjectAs(stage, 'cleo', { name: 'Cup', classNoun: 'mug' }, 'bqz');
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

const imagine = (user: string, options: Record<string, string | number>) =>
  stage.playground.command({ user, name: 'imagine', options, until: 'settled' });

async function rowOf(outcome: ActionOutcome): Promise<Rendition> {
  const row = await findRenditionByInteraction(stage.database.db, outcome.interactionId);
  if (!row) throw new Error(`no row; the answer was: ${outcome.message?.content}`);
  return row;
}

/** The only menu of a message. */
function menuOf(message: APIMessage | null) {
  const [row] = message?.components ?? [];
  const [menu] = row && 'components' in row ? row.components : [];
  if (menu?.type !== 3) throw new Error(`no menu in: ${message?.content}`);
  return menu;
}

describe('[V] that could be several subjects', () => {
  const wish = { prompt: 'a [V] on the beach', seed: 7, count: 2 };
  let asked: ActionOutcome;
  beforeAll(async () => {
    asked = await imagine('cleo', wish);
    await stage.restart();
  }, STAGE_TIMEOUT_MS);

  test('is asked about with a menu of them', () => {
    expect(asked.message?.content).toBe('Which subject is `[V]`?');
    expect(menuOf(asked.message).options).toEqual([
      { label: 'Cup', description: 'mug', value: cup.id },
      { label: 'Mia', description: 'cat', value: mia.id },
    ]);
  });

  test("is nobody else's question, and not answered with somebody else's subject", async () => {
    const message = asked.message?.id ?? '';
    const customId = menuOf(asked.message).custom_id;
    const forge = { message, customId, forge: true, until: 'settled' } as const;
    const other = await stage.playground.click({ user: 'ada', values: [mia.id], ...forge });
    expect(other.followUps[0]?.content).toBe('This question is too old. Use `/imagine` again.');
    const [rex] = await listNamed('ada');
    const stolen = await stage.playground.click({ user: 'cleo', values: [rex ?? ''], ...forge });
    expect(stolen.followUps[0]?.content).toMatch(/^I do not know this subject\./);
  });

  test('is drawn as wished once one is chosen, also after a restart', async () => {
    const chosen = await stage.playground.click({
      user: 'cleo',
      message: asked.message?.id ?? '',
      customId: menuOf(asked.message).custom_id,
      values: [mia.id],
      until: 'settled',
    });
    expect(chosen.message?.content).toBe(
      'I am drawing 2 pictures of **Mia**. They will appear in this channel.',
    );
    expect(chosen.message?.components).toEqual([]);
    const row = await rowOf(chosen);
    expect(row).toMatchObject({ subjectId: mia.id, seed: 7, count: 2, userId: row.userId });
    expect(row.resolvedPrompt).toBe('a aqz cat on the beach');
    expect(await stage.queue.hasJob('render-prompt', row.id)).toBe(true);
  });
});

describe('two subjects in one picture', () => {
  test('are drawn with the weights of both, each in its place', async () => {
    const one = await trainSubjectAs(
      stage,
      'dora',
      { name: 'Bo', classNoun: 'dog' },
      'dqz',
      'lora',
    );
    const other = await trainSubjectAs(
      stage,
      'dora',
      { name: 'Ty', classNoun: 'cat' },
      'fqz',
      'lora',
    );
    const sent = await imagine('dora', { prompt: 'a [Bo] with a [Ty], [bo] asleep' });
    expect(sent.message?.content).toContain('1 picture of **Bo** and **Ty**.');
    const row = await rowOf(sent);
    expect(row).toMatchObject({
      resolvedPrompt: 'a dqz dog with a fqz cat, dqz dog asleep',
      subjectId: one.id,
      namedSubjects: { bo: one.id, ty: other.id },
    });
    expect(await listShownSubjects(stage.database.db, row.id)).toMatchObject([
      { subject: { id: one.id }, artifact: { subjectId: one.id, identifier: 'dqz' } },
      { subject: { id: other.id }, artifact: { subjectId: other.id, identifier: 'fqz' } },
    ]);
    await finishRendition(stage, row);
    const card = await stage.see(`Seed ${row.seed}`);
    expect(readText(card)).toMatch(/^\*\*Bo\*\* and \*\*Ty\*\* for <@/);
  });

  test('are refused where both go by the same word, as subjects of two owners may', async () => {
    const shared = await trainSubjectAs(
      stage,
      'eve',
      { name: 'Ed', classNoun: 'dog' },
      'dqz',
      'lora',
    );
    const { id: subjectId, ownerId } = shared;
    await shareSubject(stage.database.db, { subjectId, ownerId }, [{ kind: 'everyone' }]);
    const sent = await imagine('dora', { prompt: 'a [Bo] with [Ed]' });
    expect(sent.message?.content).toMatch(/^\*\*Bo\*\* and \*\*Ed\*\* go by the same word/);
  });
});

describe('the options of /imagine', () => {
  const all = {
    prompt: 'a [V] on  the beach',
    count: 3,
    aspect: '3:2',
    negative: ' rain\nand fog ',
    seed: 5,
    guidance: 4.5,
    steps: 30,
    sampler: 'euler_a',
  };

  test('are all kept in the row', async () => {
    const row = await rowOf(await imagine('ada', all));
    expect(row).toMatchObject({ prompt: 'a [V] on the beach', count: 3, seed: 5 });
    expect(row.settings).toEqual({
      aspect: '3:2',
      negativePrompt: 'rain and fog',
      guidanceScale: 4.5,
      numInferenceSteps: 30,
      sampler: 'euler_a',
    });
  });

  test('leave to the worker what they do not say', async () => {
    const row = await rowOf(await imagine('ada', { prompt: 'a [V]' }));
    expect(row).toMatchObject({ count: 1, settings: {}, startFileId: null });
  });

  test.each<[string, Record<string, string | number>, RegExp]>([
    ['more steps than the deployment allows', { steps: 51 }, /^Here I take at most 50 steps/],
    ['a strength without a picture', { strength: 0.5 }, /^`strength` says how far to go/],
  ])('with %s are refused', async (_, options, sentence) => {
    const sent = await imagine('ada', { ...all, ...options });
    expect(sent.message?.content).toMatch(sentence);
    expect(await findRenditionByInteraction(stage.database.db, sent.interactionId)).toBeUndefined();
  });
});

describe('/preset', () => {
  const preset = (subcommand: string, options: Record<string, string | number>) =>
    stage.playground.command({
      user: 'ada',
      name: 'preset',
      subcommand,
      options,
      until: 'settled',
    });

  test('draws a sentence with a gap, in words that are suggested or others', async () => {
    const typed = await stage.playground.autocomplete({
      user: 'ada',
      name: 'preset',
      subcommand: 'wear',
      focused: 'what',
      value: 'top hat',
      timeoutMs: 20_000,
    });
    const [choice] = typed.choices ?? [];
    expect(choice?.value).toBe('a black top hat and a monocle');
    const row = await rowOf(await preset('wear', { what: String(choice?.value), count: 2 }));
    expect(row).toMatchObject({
      prompt: 'a [V] wearing a black top hat and a monocle',
      resolvedPrompt: 'a zwx dog wearing a black top hat and a monocle',
      count: 2,
    });
    const own = await rowOf(await preset('recontextualize', { where: 'on [Mia], the moon' }));
    expect(own.prompt).toBe('a [V] on Mia, the moon');
  });

  test('offers subjects, and asks which where there are several', async () => {
    const asked = await stage.playground.command({
      user: 'cleo',
      name: 'preset',
      subcommand: 'recolour',
      options: { colour: 'red' },
      until: 'settled',
    });
    expect(menuOf(asked.message).options).toHaveLength(2);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'sculpt',
      { material: 'marble' },
      /^The model here does not know how to draw that\. It knows `\/preset recontextualize`,/,
    ],
    ['view', { from: ' [] ' }, /^Say it in a word or two/],
  ])('%s with %o is refused', async (name, options, sentence) => {
    expect((await preset(name, options)).message?.content).toMatch(sentence);
  });
});

describe('a picture to start from', () => {
  const attach = (user: string, bytes: Buffer, options: Record<string, string | number> = {}) =>
    stage.playground.command({
      user,
      name: 'imagine',
      options: { prompt: 'a [V]', ...options },
      files: { picture: { name: 'start.png', bytes } },
      until: 'settled',
    });

  test('is kept encrypted until its rendition is over', async () => {
    const before = await stage.listFiles();
    const row = await rowOf(await attach('ada', await makePicture(9), { strength: 0.3 }));
    expect(row.settings).toEqual({ strength: 0.3 });
    const files = (await stage.listFiles()).filter((name) => !before.includes(name));
    expect(files).toEqual([row.startFileId]);
    await finishRendition(stage, row);
    await until(async () => !(await stage.listFiles()).includes(files[0] ?? ''), 'its end');
    const { db } = stage.database;
    await until(async () => (await getRendition(db, row.id))?.startFileId === null);
  });

  test('waits with the question which subject is meant, and goes to the rendition', async () => {
    const asked = await attach('cleo', await makePicture(10));
    const chosen = await stage.playground.click({
      user: 'cleo',
      message: asked.message?.id ?? '',
      customId: menuOf(asked.message).custom_id,
      values: [cup.id],
      until: 'settled',
    });
    const row = await rowOf(chosen);
    expect(row).toMatchObject({ subjectId: cup.id, settings: { strength: 0.6 } });
    expect(await stage.listFiles()).toContain(row.startFileId);
  });

  test('that is none is refused, and nothing is left', async () => {
    const before = await stage.listFiles();
    const sent = await attach('ada', Buffer.from('not a picture'));
    expect(sent.message?.content).toMatch(/^The picture \(start\.png\) is not a picture\./);
    const without = await attach('fay', await makePicture(11));
    expect(without.message?.content).toMatch(/^You have not taught me anything yet\./);
    expect(await stage.listFiles()).toEqual(before);
  });
});

/** @returns ids of the subjects that `/imagine` offers the user */
async function listNamed(user: string): Promise<string[]> {
  const typed = await stage.playground.autocomplete({
    user,
    name: 'imagine',
    focused: 'subject',
    value: '',
    timeoutMs: 20_000,
  });
  return (typed.choices ?? []).map(({ value }) => String(value));
}
