/** @file Who may do what: every action by every kind of user, held to the table of docs/permissions.md. Each is done, or refused with a sentence and changes nothing. */
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { changeGuildSettings } from '#db/queries/guilds.ts';
import { publishPost } from '#db/queries/publishing.ts';
import { createDraft } from '#db/queries/rendition-drafts.ts';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { createReport } from '#db/queries/reports.ts';
import { shareSubject } from '#db/queries/shares.ts';
import { startTrainingAttempt, updateTrainingProgress } from '#db/queries/training-attempts.ts';
import { createTrainingDraft } from '#db/queries/training-drafts.ts';
import type { Subject } from '#db/schema/subjects.ts';
import {
  insertFinishedRendition,
  insertReadySubject,
  insertRendition,
  insertTraining,
  makePhoto,
  makeSnowflake,
} from '#db/testing/rows.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import { DiscordError } from '#playground/discord-error.ts';
import { readText } from '#playground/message-parts.ts';
import { buttonActions, formActions, selectActions } from './custom-ids.ts';
import { encodeTail } from './gallery-tail.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage } from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs, unknownId } from './testing/played-worker.ts';
import { editFields } from './views/edit-form.ts';
import { refusals } from './views/refusals.ts';
import { remixFields } from './views/remix-form.ts';
import { replaceForm } from './views/training-question.ts';

const actors = ['owner', 'shared', 'member', 'moderator', 'admin', 'outsider', 'forger'] as const;
type Actor = (typeof actors)[number];

const users: Record<Actor, string> = {
  owner: 'ben',
  shared: 'cleo',
  member: 'dora',
  moderator: 'mod',
  admin: 'ada',
  outsider: 'far',
  forger: 'eve',
};

let stage: BotStage;
let rex: Subject;
/** Messages in the channel, under which buttons are pressed that do not stand there: a card, and one without. */
let anyCard = '';
let anyText = '';
let messageElsewhere = '';
/** Shows pictures of Rex that the owner asked for. */
let card = '';

beforeAll(async () => {
  stage = await startBotStage();
  const { playground } = stage;
  const member = (1n << 10n) | (1n << 11n) | (1n << 31n);
  playground.createUser({ username: 'mod', permissions: member | (1n << 13n) });
  rex = await trainSubjectAs(stage, users.owner, { name: 'Rex', classNoun: 'dog' });
  for (const actor of ['member', 'forger'] as const) {
    await insertReadySubject(db(), { userId: idOf(users[actor]), name: 'Pip' });
  }
  await shareSubject(db(), { subjectId: rex.id, ownerId: rex.ownerId }, [
    { kind: 'user', id: idOf(users.shared) },
  ]);
  playground.createGuild({ name: 'Elsewhere', owner: 'fay' });
  playground.createUser({ username: 'far', guild: 'Elsewhere', permissions: (1n << 53n) - 1n });
  playground.createGuild({ name: 'Abroad', owner: 'fay', members: Object.values(users) });
  playground.removeBot('Abroad');
  const moderators = playground.createChannel({ name: 'moderators' });
  await changeGuildSettings(db(), guildId(), { moderatorChannelId: moderators.id });
  anyCard = (await stage.see('**Rex**')).id;
  messageElsewhere = playground.say({ user: 'far', guild: 'Elsewhere', content: 'hello' }).id;
  await post('shared');
  anyText = (await stage.see('would like to publish')).id;
  card = await drawn('a [Rex] on a card');
}, STAGE_TIMEOUT_MS);
afterEach(() => {
  expect(stage.playground.violations).toEqual([]);
});
afterAll(() => stage.close());

const db = () => stage.database.db;
const guildId = () => stage.playground.guild.id;
const idOf = (name: string) => stage.playground.user(name).id;
const placeOf = (actor: Actor) => (actor === 'outsider' ? { guild: 'Elsewhere' } : {});

/** @returns the message with the pictures that the owner asked for */
async function drawn(prompt: string): Promise<string> {
  const asked = await command('owner', 'imagine', { prompt });
  const rendition = await findRenditionByInteraction(db(), asked.interactionId);
  if (!rendition) throw new Error('not drawn');
  await finishRendition(stage, rendition);
  return (await stage.see(prompt)).id;
}

/** What changes the text that its button stands under. */
const changesText = /^(delete|keep|choose-subject|delete-pictures-now):/;

/** Presses a button, or chooses from a menu, wherever the actor can reach a message. A forger adds to its id. */
const press = (actor: Actor, customId: string, values?: string[]): Promise<ActionOutcome> =>
  stage.playground.click({
    user: users[actor],
    message:
      actor === 'outsider' ? messageElsewhere : changesText.test(customId) ? anyText : anyCard,
    customId: actor === 'forger' && !/^page/.test(customId) ? `${customId}:forged` : customId,
    ...(values ? { values } : {}),
    forge: true,
    until: /^(remix|edit|train-replace):/.test(customId) ? 'callback' : 'settled',
    timeoutMs: 20_000,
  });
const command = (
  actor: Actor,
  name: string,
  options: Record<string, string | number | boolean> = {},
): Promise<ActionOutcome> => {
  const [first = '', subcommand] = name.split(' ');
  return stage.playground.command({
    user: users[actor],
    ...placeOf(actor),
    name: first,
    ...(subcommand ? { subcommand } : {}),
    options,
    forge: true,
    until: 'settled',
    timeoutMs: 20_000,
  });
};
/** As somebody who installed the bot for themselves: in a server where it is not, or in direct messages. */
const visit = (
  actor: Actor,
  at: { guild: 'Abroad' } | { dm: true },
  name: string,
  options: Record<string, string | boolean> = {},
): Promise<ActionOutcome> => {
  const [first = '', subcommand] = name.split(' ');
  return stage.playground.command({
    user: users[actor],
    ...at,
    install: 'user',
    name: first,
    ...(subcommand ? { subcommand } : {}),
    options,
    until: name === 'train' ? 'callback' : 'settled',
    timeoutMs: 20_000,
  });
};
const abroad = { guild: 'Abroad' } as const;
const type = (actor: Actor, name: string, focused: string, value: string) => {
  const [first = '', subcommand] = name.split(' ');
  return stage.playground.autocomplete({
    user: users[actor],
    ...placeOf(actor),
    name: first,
    ...(subcommand ? { subcommand } : {}),
    focused,
    value,
    timeoutMs: 20_000,
  });
};
/** From the menu of the message with the owner's pictures. */
const choose = (actor: Actor, name: string) =>
  stage.playground.command({
    user: users[actor],
    ...placeOf(actor),
    name,
    target: card,
    until: name.startsWith('Remix') ? 'callback' : 'settled',
    timeoutMs: 20_000,
  });

/** Sends a form that nobody opened, each field in its label. */
const send = (actor: Actor, customId: string, fields: readonly object[]) =>
  stage.playground.modal({
    user: users[actor],
    ...placeOf(actor),
    customId,
    forge: true,
    patchData: {
      components: fields.map((component, index) => ({
        type: 18,
        id: 2 * index + 1,
        component: { ...component, id: 2 * index + 2 },
      })),
    },
    until: 'settled',
    timeoutMs: 20_000,
  });
const written = (custom_id: string, value: string) => ({ type: 4, custom_id, value });

/** What is typed or chosen as a subject: its name, or its id where somebody forges the choice. */
const chosen = (actor: Actor) => (actor === 'forger' || actor === 'outsider' ? rex.id : 'Rex');

const here = () => ({ guildId: guildId(), channelId: stage.playground.channel.id });
let count = 0;
const newName = () => {
  count += 1;
  return `Open ${count}`;
};

async function training(isRunning = false): Promise<string> {
  // One user has so many at most.
  await db().execute(
    sql`update training_runs set status = 'cancelled' where status <> 'succeeded'`,
  );
  const settings = { seed: 1, maxTrainSteps: 10 };
  const training = { ...here(), userId: rex.ownerId, name: newName(), settings };
  const { run } = await insertTraining(db(), training);
  if (!isRunning) return run.id;
  const started = await startTrainingAttempt(db(), run.id);
  if (!started.started) throw new Error(started.reason);
  const progress = { stage: 'training', step: 1, totalSteps: 10, secondsLeft: 1, loss: 1 } as const;
  await updateTrainingProgress(db(), run.id, started.attempt, progress);
  return run.id;
}
async function trained(): Promise<string> {
  const { run, artifactId } = await insertReadySubject(db(), {
    ...here(),
    userId: rex.ownerId,
    name: newName(),
  });
  return run && artifactId;
}
async function question(): Promise<string> {
  await db().execute(
    sql`update training_runs set status = 'cancelled' where status <> 'succeeded'`,
  );
  const figures = { shortSide: 900, sharpness: 100, hash: '0'.repeat(16), border: [] };
  const { draft } = await createTrainingDraft(db(), {
    ...here(),
    userId: rex.ownerId,
    interactionId: makeSnowflake(),
    name: newName(),
    classNoun: 'dog',
    settings: { seed: 1, maxTrainSteps: 10 },
    photos: [0, 1, 2].map(() => ({ ...makePhoto(), figures })),
  });
  return draft.id;
}
const ofRex = (actor: 'owner' | 'shared') => ({
  ...here(),
  userId: idOf(users[actor]),
  interactionId: makeSnowflake(),
  subjectId: rex.id,
  prompt: actor === 'owner' ? 'a [V] of Rex' : 'a [V] by a guest',
  uses: [
    {
      subjectId: rex.id,
      artifactId: null,
      grantees: actor === 'owner' ? [] : [`user:${idOf(users.shared)}`],
    },
  ],
});
const picture = async (by: 'owner' | 'shared' = 'owner'): Promise<string> =>
  (await insertFinishedRendition(db(), ofRex(by))).rendition.id;
async function post(by: 'owner' | 'shared' = 'owner'): Promise<string> {
  const result = await publishPost(db(), {
    renditionId: await picture(by),
    pictureIndex: 0,
    guildId: guildId(),
    authorId: idOf(users[by]),
    style: null,
    askInChannelId: stage.playground.channel.id,
  });
  if (!('post' in result)) throw new Error(result.outcome);
  return result.post.id;
}
async function report(): Promise<string> {
  const { report: taken } = await createReport(db(), {
    guildId: guildId(),
    reporterId: idOf('fay'),
    moderatorChannelId: stage.playground.channel.id,
    target: { postId: await post() },
  });
  return taken.id;
}
/** Opens or closes everybody's direct messages. */
const directMessages = (isOpen: boolean) => async (): Promise<string> => {
  await db().execute(sql`update users set direct_messages = ${isOpen}`);
  return picture();
};
const wish = { prompt: 'a [V] at sea', seed: null, count: 1, settings: {} };

/** How an action is tried. */
interface Row {
  /** Makes what it is about; again after each time that it was done. */
  readonly make?: () => Promise<string>;
  act(actor: Actor, id: string): Promise<ActionOutcome>;
  /** How the answer begins where it is done. */
  readonly yes: RegExp;
}
const drawing = /^I am drawing/;
const form = /^the form$/;
const settings = /^\*\*Settings|Hall of fame: from/;
const row = (yes: RegExp, act: Row['act'], make?: Row['make']): Row => ({
  yes,
  act,
  ...(make ? { make } : {}),
});
const shows = /Rex/;

const rows: Record<string, Row> = {
  '`/imagine` a subject by name': row(drawing, (actor) =>
    command(actor, 'imagine', { prompt: 'a [Rex]' }),
  ),
  '`/imagine` a subject by choice': row(drawing, (actor) =>
    command(actor, 'imagine', { prompt: 'a [V]', subject: chosen(actor) }),
  ),
  '`/preset` with a subject': row(drawing, (actor) =>
    command(actor, 'preset recolour', { colour: 'red', subject: chosen(actor) }),
  ),
  'find a subject to draw while typing': row(shows, (actor) =>
    type(actor, 'imagine', 'subject', 'rex'),
  ),
  'find a subject to manage while typing': row(shows, (actor) =>
    type(actor, 'subject info', 'subject', 'rex'),
  ),
  '`/subject list` shows it': row(shows, (actor) => command(actor, 'subject list')),
  '`/subject info`': row(/^\*\*Rex\*\*/, (actor) =>
    command(actor, 'subject info', { subject: chosen(actor) }),
  ),
  '`/subject rename`': row(
    /is called/,
    (actor, id) => command(actor, 'subject rename', { subject: id, name: newName() }),
    async () => (await insertReadySubject(db(), { userId: rex.ownerId })).subject.id,
  ),
  '`/subject default`': row(/stands for \*\*Rex/, (actor) =>
    command(actor, 'subject default', { subject: chosen(actor) }),
  ),
  '`/defaults set` a subject': row(shows, (actor) =>
    command(actor, 'defaults set', { subject: chosen(actor) }),
  ),
  '`/subject share`': row(/^\*\*Rex\*\* is shared with/, (actor) =>
    command(actor, 'subject share', { subject: chosen(actor), user: idOf(users.shared) }),
  ),
  '`/subject revoke`': row(/^\*\*Rex\*\* was not shared/, (actor) =>
    command(actor, 'subject revoke', { subject: chosen(actor), user: idOf('fay') }),
  ),
  '`/subject continue`': row(
    /^I am (learning|training)/,
    async (actor, id) => command(actor, 'subject continue', { subject: id }),
    async () => (await insertReadySubject(db(), { userId: rex.ownerId })).subject.id,
  ),
  '`/subject download`': row(/^\*\*Rex\*\*: whole weights/, (actor) =>
    command(actor, 'subject download', { subject: chosen(actor) }),
  ),
  '`/subject delete`': row(/^Delete \*\*Rex\*\*/, (actor) =>
    command(actor, 'subject delete', { subject: chosen(actor) }),
  ),
  '**Delete** under its question': row(
    /deleted\.$/,
    (actor, id) => press(actor, `delete:${id}`),
    async () => (await insertReadySubject(db(), { userId: rex.ownerId })).subject.id,
  ),
  '**Start** a training': row(
    /^I am learning/,
    (actor, id) => press(actor, `train-start:${id}`),
    question,
  ),
  '**Replace** photos': row(form, (actor, id) => press(actor, `train-replace:${id}`), question),
  'send the form of **Replace**': row(
    /^Several photos are the same: only 0/,
    (actor, id) =>
      send(actor, `train-replace:${id}`, [{ type: 19, custom_id: replaceForm.photos, values: [] }]),
    question,
  ),
  '**Cancel** the question of `/train`': row(
    /./,
    (actor, id) => press(actor, `train-discard:${id}`),
    question,
  ),
  '**Cancel** a training': row(/^Cancelled/, (actor, id) => press(actor, `cancel:${id}`), training),
  '**Stop now**': row(
    /./,
    (actor, id) => press(actor, `finish:${id}`),
    () => training(true),
  ),
  '**Use** weights': row(/Open \d+/, (actor, id) => press(actor, `use-weights:${id}`), trained),
  '`/jobs list` shows it': row(/Open \d+/, (actor) => command(actor, 'jobs list'), training),
  '`/jobs show`': row(/Open \d+/, (actor, job) => command(actor, 'jobs show', { job }), training),
  '`/jobs cancel`': row(
    /^Cancelled/,
    (actor, job) => command(actor, 'jobs cancel', { job }),
    training,
  ),
  '`/jobs retry`': row(
    /^I am (learning|training)/,
    (actor, job) => command(actor, 'jobs retry', { job }),
    async () => {
      const id = await training();
      await db().execute(sql`update training_runs set status = 'cancelled' where id = ${id}`);
      await db().execute(
        sql`update subjects set status = 'untrained' where id = (select subject_id from training_runs where id = ${id})`,
      );
      return id;
    },
  ),
  'find a job while typing': row(
    /Open \d+/,
    (actor) => type(actor, 'jobs show', 'job', 'open'),
    training,
  ),
  'choose the subject of `[V]`': row(
    drawing,
    (actor, id) => press(actor, `choose-subject:${id}`, [rex.id]),
    () => createDraft(db(), rex.ownerId, wish),
  ),
  '**Cancel** a rendering': row(
    /^Cancelled/,
    (actor, id) => press(actor, `cancel-rendition:${id}`),
    async () => (await insertRendition(db(), ofRex('owner'))).id,
  ),
  '🔄': row(drawing, (actor, id) => press(actor, `again:${id}`), picture),
  vary: row(drawing, (actor, id) => press(actor, `vary-strong:${id}:0`), picture),
  enlarge: row(drawing, (actor, id) => press(actor, `enlarge-2:${id}:0`), picture),
  '`/vary` by choice': row(
    drawing,
    (actor, rendition) => command(actor, 'vary', { rendition }),
    picture,
  ),
  '`/upscale` by choice': row(
    drawing,
    (actor, rendition) => command(actor, 'upscale', { rendition }),
    picture,
  ),
  'find a picture while typing': row(
    shows,
    (actor) => type(actor, 'vary', 'rendition', 'rex'),
    picture,
  ),
  '✏️': row(form, (actor, id) => press(actor, `edit:${id}`), picture),
  'send the form of ✏️': row(
    drawing,
    (actor, id) => send(actor, `edit:${id}`, [written(editFields.prompt, 'a [V] in the rain')]),
    picture,
  ),
  ℹ️: row(/prompt: a \[V\] of Rex/, (actor, id) => press(actor, `info:${id}`), picture),
  '*Image info* in the menu': row(/on a card/, (actor) => choose(actor, 'Image info')),
  '*Remix* under a picture': row(form, (actor, id) => press(actor, `remix:${id}`), picture),
  '*Remix* in the menu': row(form, (actor) => choose(actor, 'Remix with my subject')),
  'send the form of *Remix* with Rex': row(
    drawing,
    (actor, id) =>
      send(actor, `remix:${id}`, [
        { type: 3, custom_id: remixFields.subject, values: [rex.id] },
        written(remixFields.prompt, 'a [V] in the rain'),
      ]),
    picture,
  ),
  '🗑': row(/^Delete/, (actor, id) => press(actor, `delete-pictures:${id}`), picture),
  '**Delete** under its question of 🗑': row(
    /^Deleted, with the message that showed them\./,
    (actor, id) => press(actor, `delete-pictures-now:${id}`),
    picture,
  ),
  '**Publish**': row(/^Published\./, (actor, id) => press(actor, `publish:${id}:0`), picture),
  '`/gallery publish`': row(
    /^Published\./,
    (actor, rendition) => command(actor, 'gallery publish', { rendition }),
    picture,
  ),
  '**Allow** a picture of Rex by *shared*': row(
    /^Thank you\./,
    (actor, id) => press(actor, `allow:${id}`),
    () => post('shared'),
  ),
  '**Refuse** a picture of Rex by *shared*': row(
    /^It will not be published\./,
    (actor, id) => press(actor, `refuse:${id}`),
    () => post('shared'),
  ),
  '**Unpublish**': row(
    /^It is out of the gallery/,
    (actor, id) => press(actor, `unpublish:${id}`),
    post,
  ),
  '`/gallery unpublish`': row(
    /^It is out of the gallery/,
    (actor, id) => command(actor, 'gallery unpublish', { picture: id }),
    post,
  ),
  'find a post to unpublish while typing': row(
    /of Rex/,
    (actor) => type(actor, 'gallery unpublish', 'picture', ''),
    post,
  ),
  '⭐': row(/^Your vote counts\./, (actor, id) => press(actor, `vote:${id}`), post),
  '*Report* under a post': row(/^Reported\./, (actor, id) => press(actor, `report:${id}`), post),
  '*Report* in the menu': row(/^Reported\.|^Somebody has reported it already\./, (actor) =>
    choose(actor, 'Report'),
  ),
  '**Approve** a report': row(/^It stays\./, (actor, id) => press(actor, `approve:${id}`), report),
  '**Deny** a report': row(
    /^It is taken down\./,
    (actor, id) => press(actor, `deny:${id}`),
    report,
  ),
  '`/gallery browse` shows a post': row(
    shows,
    (actor) => command(actor, 'gallery browse', { author: rex.ownerId }),
    post,
  ),
  '`/gallery browse` of a subject': row(
    /^\*\*Gallery\*\*: newest first, of Rex/,
    (actor) => command(actor, 'gallery browse', { subject: chosen(actor) }),
    post,
  ),
  'turn a page of a subject': row(
    /^\*\*Gallery\*\*: newest first, of Rex/,
    (actor, id) => {
      const look = { order: 'newest', subjectId: rex.id } as const;
      return press(actor, `page:${id}:${encodeTail(look, { direction: 'next', votes: 0 })}`);
    },
    post,
  ),
  '`/gallery top` shows a post': row(shows, (actor) => command(actor, 'gallery top'), post),
  '`/gallery mine` shows a post': row(
    shows,
    (actor) => command(actor, 'gallery mine'),
    async () => {
      await db().execute(sql`delete from gallery_post_subjects`);
      await db().execute(sql`delete from reports`);
      await db().execute(sql`delete from gallery_votes`);
      await db().execute(sql`delete from gallery_posts`);
      return post();
    },
  ),
  '`/gallery mine` asks for consent': row(
    /would like to publish this picture of \*\*Rex\*\*/,
    (actor) => command(actor, 'gallery mine'),
    () => post('shared'),
  ),
  '`/jobs dm`': row(/^Where I cannot post in a channel, I write to you/, (actor) =>
    command(actor, 'jobs dm', { allow: true }),
  ),
  '`/imagine` in direct messages': row(drawing, (actor) =>
    visit(actor, { dm: true }, 'imagine', { prompt: 'a [Rex]' }),
  ),
  '`/imagine` abroad': row(
    drawing,
    (actor) => visit(actor, abroad, 'imagine', { prompt: 'a [Rex]' }),
    directMessages(true),
  ),
  '`/vary` by choice abroad': row(
    drawing,
    (actor, rendition) => visit(actor, abroad, 'vary', { rendition }),
    directMessages(true),
  ),
  '`/train` abroad': row(form, (actor) => visit(actor, abroad, 'train'), directMessages(true)),
  '`/subject list` abroad shows it': row(shows, (actor) => visit(actor, abroad, 'subject list')),
  '`/imagine` abroad without `/jobs dm`': row(
    drawing,
    (actor) => visit(actor, abroad, 'imagine', { prompt: 'a [Rex]' }),
    directMessages(false),
  ),
  '`/train` abroad without `/jobs dm`': row(
    form,
    (actor) => visit(actor, abroad, 'train'),
    directMessages(false),
  ),
  '`/config show`': row(settings, (actor) => command(actor, 'config show')),
  '`/config gallery`': row(settings, (actor) => command(actor, 'config gallery')),
  '`/config moderators`': row(settings, (actor) => command(actor, 'config moderators')),
  '`/config hall-of-fame`': row(settings, (actor) =>
    command(actor, 'config hall-of-fame', { votes: 7 }),
  ),
  '`/config channels`': row(settings, (actor) =>
    command(actor, 'config channels', { reset: true }),
  ),
  '`/config roles`': row(settings, (actor) => command(actor, 'config roles', { reset: true })),
  '`/config language`': row(settings, (actor) =>
    command(actor, 'config language', { language: 'de' }),
  ),
};

/** @returns the cells of every line of the tables in the document, `|` and spaces taken away */
function readTables(): string[][] {
  const document = readFileSync(new URL('../docs/permissions.md', import.meta.url), 'utf8');
  return document
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| Action'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}
const tables = readTables();
const table = tables.filter((cells) => cells.length === actors.length + 1);
const sentences = new Map(
  tables.filter((cells) => cells.length === 2).map(([word = '', start = '']) => [word, start]),
);

/** @returns the answer in words */
async function answerOf(acting: Promise<ActionOutcome>): Promise<string> {
  try {
    const { callbackType, choices, followUps, message } = await acting;
    if (callbackType === 9) return 'the form';
    if (choices) return choices.map(({ name }) => name).join('\n');
    const shown = followUps[0] ?? message;
    return shown ? readText(shown) : '';
  } catch (error) {
    if (error instanceof DiscordError) return 'Discord refuses';
    throw error;
  }
}

function expectRefusal(said: string, word: string, yes: RegExp): void {
  const start = sentences.get(word);
  if (start === undefined) throw new Error(`docs/permissions.md explains no “${word}”`);
  if (word === 'not seen') expect(said).toBe('Discord refuses');
  else if (word === 'nothing') expect(said).not.toMatch(yes);
  else expect(said.startsWith(start), `“${said}” begins with “${start}”`).toBe(true);
}

/** Everything that a refused action must leave as it is. */
async function snapshot(): Promise<string> {
  const { rows: found } = (await db().execute(sql`
    select md5(concat_ws(' ',
      (select string_agg(s::text, ' ' order by id) from
        (select id, status, deleted_at, current_artifact_id from subjects) s),
      (select string_agg(s::text, ' ' order by s.subject_id, s.grantee) from subject_shares s),
      (select string_agg(r::text, ' ' order by id) from
        (select id, cancel_requested, finish_requested from training_runs) r),
      (select string_agg(d::text, ' ' order by id) from training_drafts d),
      (select string_agg(d::text, ' ' order by id) from rendition_drafts d),
      (select string_agg(r::text, ' ' order by id) from
        (select id, cancel_requested, deleted_at from renditions) r),
      (select string_agg(p::text, ' ' order by id) from
        (select id, status, vote_count from gallery_posts) p),
      (select string_agg(p::text, ' ' order by p.post_id, p.subject_id) from gallery_post_subjects p),
      (select string_agg(r::text, ' ' order by id) from (select id, status from reports) r),
      (select string_agg(g::text, ' ' order by id) from guilds g),
      (select string_agg(concat(id, default_subject_id), ' ' order by id) from users)
    )) as state`)) as unknown as { rows: [{ state: string }] };
  return found[0].state;
}

const summary: string[] = [];
afterAll(() => {
  const widest = Math.max(...Object.keys(rows).map((name) => name.length));
  console.log([`${' '.repeat(widest)}  ${actors.join('  ')}`, ...summary].join('\n'));
});

test('the document has every action, and no other', () => {
  expect(table.map(([action]) => action)).toEqual(Object.keys(rows));
});

describe.each(Object.entries(rows))('%s', (action, { make, act, yes }) => {
  const [, ...cells] = table.find(([name]) => name === action) ?? [];
  test(`is for ${actors.filter((_, index) => cells[index] === 'yes').join(', ')}`, async () => {
    const marks: string[] = [];
    let id = await make?.();
    for (const [index, actor] of actors.entries()) {
      const word = cells[index] ?? '';
      const before = await snapshot();
      const said = await answerOf(act(actor, id ?? ''));
      expect(said, actor).not.toMatch(/Something went wrong/);
      if (word === 'yes') {
        expect(said, actor).toMatch(yes);
        id = await make?.();
      } else {
        expectRefusal(said, word, yes);
        expect(await snapshot(), `${actor} changed nothing`).toBe(before);
      }
      marks.push((word === 'yes' ? 'yes' : '-').padEnd(actor.length));
    }
    const widest = Math.max(...Object.keys(rows).map((name) => name.length));
    summary.push(`${action.padEnd(widest)}  ${marks.join('  ')}`);
  });
});

describe('an id that nobody made', () => {
  const forms = formActions.map((action) => ({ action, how: 'form' as const }));
  const menus = selectActions.map((action) => ({ action, how: 'menu' as const }));
  const buttons = buttonActions.map((action) => ({ action, how: 'button' as const }));
  test.each([...buttons, ...menus, ...forms])('$how $action', async ({ action, how }) => {
    const before = await snapshot();
    const act = (customId: string) => {
      if (how === 'form') {
        return send('owner', customId, [
          written('prompt', 'a [V]'),
          { type: 3, custom_id: remixFields.subject, values: [rex.id] },
          { type: 19, custom_id: replaceForm.photos, values: [] },
        ]);
      }
      return press('owner', customId, how === 'menu' ? [rex.id] : undefined);
    };
    const unknown = await answerOf(act(`${action}:${unknownId()}`));
    expect(unknown).not.toBe('');
    expect(unknown).not.toMatch(/Something went wrong/);
    for (const customId of [`${action}:7`, `${action}:${rex.id}:x y`, `${action}${unknownId()}`]) {
      expect(await answerOf(act(customId))).toBe(refusals.unknownButton());
    }
    expect(await snapshot()).toBe(before);
  });
});
