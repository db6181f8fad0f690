/** @file Every button under pictures, pressed after a restart: what it does, and who may press it. */
import type { APIMessage } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listGalleryPage } from '#db/queries/gallery-pages.ts';
import { publishPost } from '#db/queries/publishing.ts';
import { findRenditionByInteraction, getRendition } from '#db/queries/renditions.ts';
import { revokeShares, shareSubject } from '#db/queries/shares.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import { listComponents, listFiles, readText } from '#playground/message-parts.ts';
import {
  type BotStage,
  makePicture,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs, unknownId } from './testing/played-worker.ts';

const MANAGE_MESSAGES = 1n << 13n;

let stage: BotStage;
let rex: Subject;
let drawn: Rendition;
let card: APIMessage;
beforeAll(async () => {
  stage = await startBotStage();
  stage.playground.createUser({ username: 'mod', permissions: MANAGE_MESSAGES });
  stage.playground.createChannel({ name: 'elsewhere' });
  rex = await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
  ({ rendition: drawn, card } = await draw({ prompt: 'a [V] on the beach', count: 2, seed: 7 }));
  await stage.restart();
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

const db = () => stage.database.db;
const owned = () => ({ subjectId: rex.id, ownerId: rex.ownerId });

/** Ada draws; the pictures are in the channel when this returns. */
async function draw(
  options: { prompt: string; count?: number; seed?: number },
  picture?: Buffer,
): Promise<{ rendition: Rendition; card: APIMessage }> {
  const asked = await stage.playground.command({
    user: 'ada',
    name: 'imagine',
    options,
    ...(picture && { files: { picture: { name: 'start.png', bytes: picture } } }),
    until: 'settled',
  });
  const rendition = await rowOf(asked);
  return { rendition, card: await finish(rendition) };
}

/** The worker's part, and the card that follows. */
async function finish(rendition: Rendition): Promise<APIMessage> {
  await finishRendition(stage, rendition);
  return until(
    () =>
      stage.playground
        .messages()
        .find((message) => customIdsOf(message).includes(`info:${rendition.id}`)),
    'the card',
  );
}

const customIdsOf = ({ components }: APIMessage): string[] =>
  listComponents(components).flatMap(({ custom_id }) => (custom_id ? [String(custom_id)] : []));

async function rowOf(outcome: ActionOutcome): Promise<Rendition> {
  const row = await findRenditionByInteraction(db(), outcome.interactionId);
  if (!row) throw new Error(`no row; the answer was: ${outcome.message?.content}`);
  return row;
}

const press = (user: string, customId: string, more: object = {}): Promise<ActionOutcome> =>
  stage.playground.click({
    user,
    message: card.id,
    customId,
    until: 'settled',
    timeoutMs: 20_000,
    ...more,
  });

/** What the presser alone was told. */
const told = ({ message, followUps, ephemeral }: ActionOutcome) =>
  followUps[0]?.content ?? (ephemeral ? message?.content : undefined);

describe('the buttons under pictures', () => {
  test('🔄 draws the same with another seed', async () => {
    const pressed = await press('ada', `again:${drawn.id}`);
    expect(told(pressed)).toBe(
      'I am drawing 2 pictures of **Rex**. They will appear in this channel.',
    );
    const row = await rowOf(pressed);
    expect(row).toMatchObject({
      prompt: 'a [V] on the beach',
      resolvedPrompt: 'a zwx dog on the beach',
      count: 2,
      parentId: drawn.id,
      sourceId: null,
    });
    expect(row.seed).not.toBe(7);
    expect(await stage.queue.hasJob('render-prompt', row.id)).toBe(true);
  });

  test('V2 draws from the second picture', async () => {
    const row = await rowOf(await press('ada', `vary-strong:${drawn.id}:1`));
    expect(row).toMatchObject({
      parentId: drawn.id,
      sourceId: drawn.id,
      sourceIndex: 1,
      count: 2,
      settings: { strength: 0.75 },
    });
  });

  test('U2 makes the second picture larger; its card offers a larger one still and its parameters', async () => {
    const row = await rowOf(await press('ada', `enlarge-2:${drawn.id}:1`));
    expect(row).toMatchObject({
      prompt: 'a [V] on the beach',
      seed: 8,
      count: 1,
      sourceId: drawn.id,
      sourceIndex: 1,
      settings: { enlarge: 2 },
    });
    const larger = await finish(row);
    expect(readText(larger)).toMatch(/enlarged 2× by resampling: no new detail$/);
    const again = await rowOf(await press('ada', `enlarge-4:${row.id}:0`, { message: larger.id }));
    expect(again).toMatchObject({ sourceId: drawn.id, sourceIndex: 1, settings: { enlarge: 4 } });
  });

  test('✏️ opens a form with what the pictures were made with, and draws what it says', async () => {
    const opened = await press('ada', `edit:${drawn.id}`, { until: 'callback' });
    expect(opened.callbackType).toBe(9);
    const values = listFormValues(opened);
    expect(values).toEqual({
      prompt: 'a [V] on the beach',
      negative: undefined,
      seed: '7',
      guidance: '3',
      steps: '20',
    });
    const sent = await stage.playground.modal({
      user: 'ada',
      customId: `edit:${drawn.id}`,
      values: {
        prompt: 'a [V] in the snow',
        negative: 'trees',
        seed: '9',
        guidance: '4,5',
        steps: '',
      },
      until: 'settled',
    });
    const row = await rowOf(sent);
    expect(row).toMatchObject({
      prompt: 'a [V] in the snow',
      resolvedPrompt: 'a zwx dog in the snow',
      seed: 9,
      count: 2,
      parentId: drawn.id,
      settings: { negativePrompt: 'trees', guidanceScale: 4.5 },
    });
    expect(row.settings.numInferenceSteps).toBeUndefined();
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['a seed of letters', { seed: 'lucky' }, /^A seed is a whole number from 0 to 4294967295\./],
    ['a guidance of 99', { guidance: '99' }, /^The guidance must be a number from 0 to 30\./],
    ['more steps than allowed', { steps: '60' }, /^Here I take at most 50 steps/],
    ['a prompt without [V]', { prompt: 'a dog' }, /^Say where your subject goes/],
    ['an unknown name', { prompt: 'a [Nobody]' }, /^Nothing is called `\[Nobody\]` here\./],
  ])('✏️ with %s says what to change', async (_, values, sentence) => {
    await press('ada', `edit:${drawn.id}`, { until: 'callback' });
    const sent = await stage.playground.modal({
      user: 'ada',
      customId: `edit:${drawn.id}`,
      values: { prompt: drawn.prompt, ...values },
      until: 'settled',
    });
    expect(told(sent)).toMatch(sentence);
    expect(await findRenditionByInteraction(db(), sent.interactionId)).toBeUndefined();
  });

  test('ℹ️ shows every parameter to whoever asks', async () => {
    const pressed = await press('ben', `info:${drawn.id}`);
    expect(pressed.ephemeral).toBe(true);
    const text = pressed.message ? readText(pressed.message) : '';
    for (const line of ['prompt: a [V] on the beach', 'seed: 7', 'steps: 20', 'size: 64 × 48']) {
      expect(text.split('\n')).toContain(line);
    }
  });

  test('under pictures from an attached one do not offer to repeat it, since it is not kept', async () => {
    const attached = await draw({ prompt: 'a [V]' }, await makePicture(3));
    expect(customIdsOf(attached.card)).not.toContain(`again:${attached.rendition.id}`);
    const forged = await press('ada', `again:${attached.rendition.id}`, { forge: true });
    expect(told(forged)).toMatch(/^This began with an attached picture, which I do not keep\./);
  });

  test('the prompt keeps its subject, whatever that is called by now for whoever presses', async () => {
    const { rendition } = await draw({ prompt: 'a [Rex] at night' });
    await shareSubject(db(), owned(), [{ kind: 'guild', id: stage.playground.guild.id }]);
    await trainSubjectAs(stage, 'ben', { name: 'Rex', classNoun: 'cat' }, 'bqz');
    const row = await rowOf(await press('ben', `again:${rendition.id}`, { forge: true }));
    expect(row).toMatchObject({ subjectId: rex.id, resolvedPrompt: 'a zwx dog at night' });
    await revokeShares(db(), owned(), 'all');
  });
});

/** What the fields of an opened form hold, by their ids. */
function listFormValues({ modal }: ActionOutcome): Record<string, unknown> {
  const labels = (modal?.components ?? []) as { component: Record<string, unknown> }[];
  return Object.fromEntries(
    labels.map(({ component }) => [String(component.custom_id), component.value]),
  );
}

describe('the commands that go on from a picture', () => {
  const run = (user: string, name: string, options: Record<string, string | number> = {}) =>
    stage.playground.command({ user, name, options, until: 'settled', timeoutMs: 20_000 });

  test('/vary draws from a picture of who asks, the latest where none is named', async () => {
    const { rendition: latest } = await draw({ prompt: 'a [V] in a wood' });
    const row = await rowOf(await run('ada', 'vary', { how: 'subtle', count: 3 }));
    expect(row).toMatchObject({
      ...{ prompt: 'a [V] in a wood', count: 3, settings: { strength: 0.4 } },
      ...{ parentId: latest.id, sourceId: latest.id, sourceIndex: 0 },
    });
    const typed = await stage.playground.autocomplete({
      ...{ user: 'ada', name: 'vary', focused: 'rendition', value: 'BEACH' },
    });
    expect(typed.choices?.map(({ value }) => value)).toContain(drawn.id);
    const named = await rowOf(await run('ada', 'vary', { rendition: drawn.id, picture: 2 }));
    expect(named).toMatchObject({ sourceId: drawn.id, sourceIndex: 1, count: 2 });
  });

  test("/upscale enlarges a picture of who asks, and nobody else's", async () => {
    const options = { rendition: drawn.id, picture: 2, factor: 4 };
    const row = await rowOf(await run('ada', 'upscale', options));
    expect(row).toMatchObject({ sourceId: drawn.id, sourceIndex: 1, settings: { enlarge: 4 } });
    expect(told(await run('fay', 'upscale'))).toMatch(/^You have no finished picture yet/);
    const refused = await run('fay', 'upscale', options);
    expect(told(refused)).toMatch(/^You may not draw what this picture shows/);
    expect(await findRenditionByInteraction(db(), refused.interactionId)).toBeUndefined();
  });
});

describe('the menu of a message', () => {
  const choose = (user: string, name: string, target: string, more: object = {}) =>
    stage.playground.command({ user, name, target, until: 'settled', ...more });

  test('*Image info* tells what its pictures were made with', async () => {
    const chosen = await choose('ben', 'Image info', card.id);
    expect(chosen.ephemeral).toBe(true);
    expect(chosen.message ? readText(chosen.message) : '').toContain(`picture: ${drawn.id}`);
  });

  test.each(['Image info', 'Remix with my subject'])(
    '*%s* works on pictures of this bot only',
    async (name) => {
      const said = stage.playground.say({ user: 'ada', content: 'my own words' });
      expect(told(await choose('ada', name, said.id))).toMatch(/^I know what my own pictures/);
      const training = await stage.see('**Rex** (dog)');
      expect(told(await choose('ada', name, training.id))).toMatch(/shows no pictures that I drew/);
    },
  );

  test('*Remix with my subject* draws its words and settings with a subject of the viewer', async () => {
    const { rendition, card: original } = await draw({ prompt: 'a [Rex] in the jungle', seed: 11 });
    const own = await trainSubjectAs(stage, 'eve', { name: 'Tom', classNoun: 'cat' }, 'eqz');
    const opened = await choose('eve', 'Remix with my subject', original.id, { until: 'callback' });
    expect(opened.callbackType).toBe(9);
    expect(listFormValues(opened).prompt).toBe('a [V] in the jungle');
    const sent = await stage.playground.modal({
      user: 'eve',
      customId: `remix:${rendition.id}`,
      values: { subject: [own.id], prompt: 'a [V] in the jungle' },
      until: 'settled',
    });
    expect(await rowOf(sent)).toMatchObject({
      subjectId: own.id,
      resolvedPrompt: 'a eqz cat in the jungle',
      seed: 11,
      parentId: rendition.id,
      sourceId: null,
    });
    await choose('eve', 'Remix with my subject', original.id, { until: 'callback' });
    const forged = await stage.playground.modal({
      user: 'eve',
      customId: `remix:${rendition.id}`,
      values: { subject: [rex.id], prompt: 'a [V]' },
      forge: true,
      until: 'settled',
    });
    expect(told(forged)).toMatch(/^I do not know this subject\./);
  });

  test('*Remix with my subject* tells who has none to train one', async () => {
    const chosen = await choose('fay', 'Remix with my subject', card.id, { until: 'callback' });
    expect(told(chosen)).toMatch(/^You have not taught me anything yet\./);
  });
});

const notUsable = /^You may not draw what this picture shows/;
const elsewhere = /^This picture is not from this channel\./;
const notTheirs = /^Only the person who asked for these pictures, or a moderator/;
const unknown = /^I do not know this picture any more\./;
const taken = /^I am drawing/;

describe('who may press', () => {
  const actions = ['again', 'vary-strong', 'vary-subtle', 'enlarge-2', 'edit', 'info', 'delete'];
  /** What each person is told, action by action. */
  const rules: Record<string, { who: string; more?: object; expected: Record<string, RegExp> }> = {
    'the asker': {
      who: 'ada',
      expected: { draws: taken, edit: /form/, info: /card/, delete: /^Delete these 2 pictures/ },
    },
    'somebody who may not use the subject': {
      who: 'ben',
      expected: { draws: notUsable, edit: notUsable, info: /card/, delete: notTheirs },
    },
    'a moderator who may not use the subject': {
      who: 'mod',
      expected: {
        draws: notUsable,
        edit: notUsable,
        info: /card/,
        delete: /^Delete these 2 pictures/,
      },
    },
    'a forger in another channel': {
      who: 'ben',
      more: { channel: 'elsewhere' },
      expected: { draws: elsewhere, edit: elsewhere, info: elsewhere, delete: notTheirs },
    },
  };

  test.each(
    Object.entries(rules).flatMap(([person, rule]) =>
      actions.map((action) => [action, person, rule] as const),
    ),
  )('%s: %s', async (action, _, { who, more, expected }) => {
    const customId =
      action === 'delete' ? `delete-pictures:${drawn.id}` : buildId(action, drawn.id);
    const pressed = more
      ? await forgeElsewhere(who, customId)
      : await press(who, customId, {
          until: action === 'edit' ? 'callback' : 'settled',
          // A card of several pictures has no button for it; one picture's has.
          forge: action === 'vary-subtle',
        });
    expect(describeAnswer(pressed)).toMatch(expected[action] ?? expected.draws ?? /^$/);
  });

  const buildId = (action: string, id: string) =>
    /vary|enlarge/.test(action) ? `${action}:${id}:0` : `${action}:${id}`;

  /** A button of a message in another channel, whose custom id a forger has changed. */
  async function forgeElsewhere(user: string, customId: string): Promise<ActionOutcome> {
    const said = stage.playground.say({ user, channel: 'elsewhere', content: 'here' });
    return press(user, customId, { message: said.id, forge: true, until: 'callback' }).then(
      ({ interactionId }) => stage.playground.outcome(interactionId, { until: 'settled' }),
    );
  }

  function describeAnswer(outcome: ActionOutcome): string {
    if (outcome.callbackType === 9) return 'form';
    return told(outcome) || (outcome.message ? 'card' : '');
  }

  test.each(actions)('%s: an id that is none of ours', async (action) => {
    const name = action === 'delete' ? 'delete-pictures' : action;
    const pressed = await press('ada', buildId(name, unknownId()), { forge: true });
    expect(told(pressed)).toMatch(unknown);
  });

  test('somebody with whom the subject is shared here', async () => {
    await shareSubject(db(), owned(), [{ kind: 'guild', id: stage.playground.guild.id }]);
    const row = await rowOf(await press('cleo', `vary-strong:${drawn.id}:0`));
    expect(row).toMatchObject({ subjectId: rex.id, settings: { strength: 0.75 } });
    expect(row.userId).not.toBe(drawn.userId);
    await revokeShares(db(), owned(), 'all');
    expect(told(await press('cleo', `vary-strong:${drawn.id}:0`))).toMatch(notUsable);
  });
});

describe('🗑️ and its question', () => {
  let mine: { rendition: Rendition; card: APIMessage };
  beforeEach(async () => {
    mine = await draw({ prompt: 'a [V] to be deleted', count: 2 });
  });
  const idsIn = (outcome: ActionOutcome) => (outcome.message ? customIdsOf(outcome.message) : []);
  const ask = (user: string) =>
    press(user, `delete-pictures:${mine.rendition.id}`, { message: mine.card.id });
  const answerWith = (user: string, asked: ActionOutcome, action: string, forge = false) =>
    press(user, `${action}:${mine.rendition.id}`, { message: asked.message?.id ?? '', forge });

  test('keep the pictures for who thinks better of it', async () => {
    const asked = await ask('ada');
    expect(idsIn(asked)).toEqual([
      `delete-pictures-now:${mine.rendition.id}`,
      `keep:${mine.rendition.id}`,
    ]);
    const kept = await answerWith('ada', asked, 'keep');
    expect(kept.message?.content).toBe('Nothing was deleted.');
    expect(listFiles(mine.card)).toHaveLength(2);
  });

  test.each(['ada', 'mod'])('let %s delete message, files and gallery posts', async (user) => {
    const { rendition } = mine;
    const fileIds = (await getRendition(db(), rendition.id))?.resultFileIds ?? [];
    const guildId = rendition.guildId ?? '';
    const picture = { renditionId: rendition.id, guildId, authorId: rendition.userId };
    const askInChannelId = rendition.channelId;
    await publishPost(db(), { ...picture, pictureIndex: 0, style: null, askInChannelId });
    const asked = await ask(user);
    expect(told(asked)).toBe(
      'Delete these 2 pictures, 1 gallery post included? This cannot be undone.',
    );
    const deleted = await answerWith(user, asked, 'delete-pictures-now');
    expect(deleted.message?.content).toBe('Deleted, with the message that showed them.');
    await until(
      () => stage.playground.messages().every(({ id }) => id !== mine.card.id),
      'its end',
    );
    await until(async () => {
      const left = await stage.listFiles();
      return fileIds.every((id) => !left.includes(id));
    }, 'the end of its files');
    expect((await listGalleryPage(db(), { guildId, order: 'newest' })).items).toEqual([]);
    expect(told(await press('ada', `again:${rendition.id}`, { forge: true }))).toMatch(unknown);
  });

  test('let nobody else, not even by a forged answer to the question', async () => {
    const asked = await ask('ada');
    const forged = await answerWith('ben', asked, 'delete-pictures-now', true);
    expect(told(forged)).toMatch(notTheirs);
    expect((await getRendition(db(), mine.rendition.id))?.deletedAt).toBeNull();
  });

  test('finish although the bot dies and Discord is out of order', async () => {
    const asked = await ask('ada');
    stage.playground.fault({ kind: '503', route: 'DELETE /channels/*/messages/*', times: 8 });
    await answerWith('ada', asked, 'delete-pictures-now');
    await stage.restart();
    await until(
      () => stage.playground.messages().every(({ id }) => id !== mine.card.id),
      'its end',
    );
    await until(async () => (await getRendition(db(), mine.rendition.id))?.purgedAt !== null);
  });
});
