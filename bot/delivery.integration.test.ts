/** @file Outcomes and progress reach Discord once, whatever fails in between; only those who may, cancel, publish and delete. */

import { type APIMessage, ComponentType } from 'discord.js';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTraining } from '#db/queries/new-trainings.ts';
import { findDelivery } from '#db/queries/outbox-deliveries.ts';
import { failRendition, startRenditionAttempt } from '#db/queries/rendition-attempts.ts';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { softDeleteSubject } from '#db/queries/subject-deletion.ts';
import { listSubjects } from '#db/queries/subjects.ts';
import {
  cancelTraining,
  checkTrainingAttempt,
  failTraining,
} from '#db/queries/training-attempts.ts';
import { getTrainingRun } from '#db/queries/training-runs.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { insertRendition } from '#db/testing/rows.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import type { FaultRequest } from '#playground/faults.ts';
import { findCustomId, listComponents, listFiles, readText } from '#playground/message-parts.ts';
import type { RestEntry } from '#playground/recorder.ts';
import {
  type BotStage,
  makePhotos,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import {
  finishRendition,
  finishTraining,
  reportTraining,
  requestTrainingAs,
  startAsked,
  takeTraining,
  trainSubjectAs,
} from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
  await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
  await stage.see('Ready.');
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});
beforeEach(() => stage.playground.clearFaults());

const textOf = ({ message }: ActionOutcome) => (message ? readText(message) : '');
const inChannel = (text: string): APIMessage[] =>
  stage.playground.messages().filter((message) => readText(message).includes(text));
const buttonsOf = ({ components }: APIMessage) =>
  listComponents(components).filter(({ type }) => type === ComponentType.Button);
const isOver = (messages: APIMessage[]) =>
  messages.every((message) =>
    buttonsOf(message).every(({ custom_id }) => !/^(cancel|finish)/.test(String(custom_id))),
  );
const endsWith = (message: APIMessage | undefined, text: string) =>
  message !== undefined && readText(message).endsWith(text);
const requests = (): RestEntry[] =>
  stage.playground.log().filter((entry): entry is RestEntry => entry.kind === 'rest');

/** Long enough for a second message to appear, were there one. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 400));

let seed = 1000;
async function imagine(prompt = 'a [Rex] on the beach', how: object = {}): Promise<Rendition> {
  seed += 1;
  const asked = await stage.playground.command({
    user: 'ada',
    name: 'imagine',
    options: { prompt, seed },
    until: 'settled',
    ...how,
  });
  return until(() => findRenditionByInteraction(stage.database.db, asked.interactionId), 'the row');
}

describe('a training', () => {
  test('whose bot is restarted while it runs ends once, with one message', async () => {
    const { run } = await requestTrainingAs(stage, 'ada', { name: 'Restarted' });
    const attempt = await takeTraining(stage, run.id);
    await reportTraining(stage, run.id, attempt, { step: 11 });
    const before = await stage.see('Step 11 of 100');
    await stage.restart(() => reportTraining(stage, run.id, attempt, { step: 12 }));
    const after = await stage.see('Step 12 of 100');
    expect(after.id).toBe(before.id);
    await stage.restart(() => finishTraining(stage, run, attempt, 'aaa'));
    await until(() =>
      inChannel('**Restarted**').some((message) => readText(message).includes('Ready.')),
    );
    await settle();
    expect(inChannel('**Restarted**').map(({ id }) => id)).toEqual([before.id]);
  });

  test('that takes longer than an interaction token lives still delivers', async () => {
    const { run } = await requestTrainingAs(stage, 'ada', { name: 'Long' });
    const attempt = await takeTraining(stage, run.id);
    stage.clock.advance(16 * 60 * 1000);
    await finishTraining(stage, run, attempt, 'bbb');
    await until(() => inChannel('**Long**').some((message) => listFiles(message).length === 2));
    expect(inChannel('**Long**')).toHaveLength(1);
  });

  test('cannot be cancelled by somebody else', async () => {
    const { run } = await requestTrainingAs(stage, 'ada', { name: 'Mine' });
    const message = await stage.see('**Mine**');
    const pressed = await stage.playground.click({
      user: 'ben',
      message: message.id,
      customId: `cancel:${run.id}`,
      until: 'settled',
    });
    expect(pressed.ephemeral).toBe(true);
    expect(pressed.message?.content).toBe(
      'Only the person who started this training can cancel it.',
    );
    expect((await getTrainingRun(stage.database.db, run.id))?.status).toBe('queued');

    const cancelled = await stage.playground.click({
      user: 'ada',
      message: message.id,
      customId: `cancel:${run.id}`,
      until: 'settled',
    });
    expect(cancelled.message?.content).toBe('Cancelled.');
    await until(() => endsWith(inChannel('**Mine**')[0], '\nCancelled.'));
    expect(isOver(inChannel('**Mine**'))).toBe(true);
    const again = await stage.playground.click({
      user: 'ada',
      message: message.id,
      customId: `cancel:${run.id}`,
      forge: true,
      until: 'settled',
    });
    expect(again.message?.content).toBe('This training is already over.');
  });

  test('that runs is cancelled by its owner through the worker', async () => {
    const { run } = await requestTrainingAs(stage, 'ada', { name: 'Running' });
    const attempt = await takeTraining(stage, run.id);
    const message = await stage.see('**Running**');
    await stage.playground.click({
      user: 'ada',
      message: message.id,
      customId: `cancel:${run.id}`,
      until: 'settled',
    });
    expect(await checkTrainingAttempt(stage.database.db, run.id, attempt)).toBe('cancel');
    const stopping = await stage.see('Stopping');
    expect(buttonsOf(stopping)).toMatchObject([{ disabled: true }]);
    await cancelTraining(stage.database.db, run.id, attempt);
    await until(() => endsWith(inChannel('**Running**')[0], '\nCancelled.'));
    expect(inChannel('**Running**')).toHaveLength(1);
  });

  test('that fails ends in a plain reason', async () => {
    const { run } = await requestTrainingAs(stage, 'ada', { name: 'Failing' });
    const attempt = await takeTraining(stage, run.id);
    const detail = { nearestClassNouns: ['dog', 'cat'] };
    await failTraining(stage.database.db, run.id, attempt, { code: 'CLASS_NOUN_UNKNOWN', detail });
    const ended = await stage.see('Not learned.');
    expect(readText(ended)).toContain(
      'I do not know this kind of thing. Nearest: `dog` and `cat`.',
    );
  });

  test('asked for twice by the same interaction is one row, one message and one answer', async () => {
    const photos = await makePhotos(3);
    const sent = await stage.playground.command({
      user: 'ada',
      name: 'train',
      options: { class: 'dog', name: 'Twice', consent: true },
      files: Object.fromEntries(photos.map((photo, index) => [`photo${index + 1}`, photo])),
      duplicate: true,
      until: 'settled',
    });
    expect(sent.followUps).toEqual([]);
    expect(inChannel('**Twice**')).toEqual([]);
    await startAsked(stage, 'ada', sent.message);
    await stage.see('**Twice**');
    await settle();
    expect(inChannel('**Twice**')).toHaveLength(1);
    const files = await stage.countFiles();

    // And once more after a restart, when nothing in memory knows of it.
    const record = stage.playground.world.interactions.get(sent.interactionId);
    await stage.restart();
    stage.playground.world.dispatch({
      event: 'INTERACTION_CREATE',
      data: record?.payload,
      intent: 0,
    });
    await until(
      () =>
        stage.logs.some(
          (line) => line.interactionId === sent.interactionId && line.msg === 'interaction handled',
        ) || undefined,
    );
    await settle();
    expect(inChannel('**Twice**')).toHaveLength(1);
    expect(await stage.countFiles()).toBe(files);
    const ownerId = stage.playground.users.ada?.id ?? '';
    const named = await listSubjects(stage.database.db, { ownerId, limit: 100 });
    expect(named.filter(({ subject }) => subject.name === 'Twice')).toHaveLength(1);
  });

  test('whose message a moderator deleted gets another one', async () => {
    const { run } = await requestTrainingAs(stage, 'ben', { name: 'Moderated' });
    const attempt = await takeTraining(stage, run.id);
    const first = await stage.see('**Moderated**');
    await until(() => stage.logs.some((line) => line.messageId === first.id) || undefined);
    stage.playground.deleteMessage(first.id);
    await reportTraining(stage, run.id, attempt, { step: 50 });
    const second = await stage.see('Step 50 of 100');
    expect(second.id).not.toBe(first.id);
    stage.playground.deleteMessage(second.id);
    await finishTraining(stage, run, attempt, 'ccc');
    await until(() =>
      inChannel('**Moderated**').some((message) => readText(message).includes('Ready.')),
    );
    expect(inChannel('**Moderated**')).toHaveLength(1);
  });

  test('is shown by at most one edit an interval, and by none when nothing changed', async () => {
    const { run } = await requestTrainingAs(stage, 'ben', { name: 'Fast' });
    const attempt = await takeTraining(stage, run.id);
    const message = await stage.see('**Fast**');
    const edits = () =>
      requests().filter(
        ({ method, path }) => method === 'PATCH' && path.endsWith(`/messages/${message.id}`),
      ).length;
    const startedAt = Date.now();
    for (let step = 1; step <= 40; step++) {
      await reportTraining(stage, run.id, attempt, { step });
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await stage.see('Step 40 of 100');
    // The interval of the stage is 150 ms.
    expect(edits()).toBeLessThanOrEqual((Date.now() - startedAt) / 150 + 2);
    const sent = edits();
    await settle();
    expect(edits()).toBe(sent);
  });

  test('whose answer finds a dead token is in the channel all the same', async () => {
    const photos = await makePhotos(3);
    const { message } = await stage.playground.command({
      user: 'cleo',
      name: 'train',
      options: { class: 'dog', name: 'Tokenless', consent: true },
      files: Object.fromEntries(photos.map((photo, index) => [`photo${index + 1}`, photo])),
      until: 'settled',
    });
    stage.playground.fault({ kind: 'expired-token', route: 'PATCH /webhooks/*', times: 5 });
    const customId = findCustomId(message!, 'train-start:')!;
    await stage.playground.click({ user: 'cleo', message: message!.id, customId });
    expect(readText(await stage.see('**Tokenless**'))).toContain('Waiting');
  });

  test.each<Omit<FaultRequest, 'route'>>([
    { kind: '500', times: 2 },
    { kind: '502', times: 5 },
    { kind: 'reset-after-body' },
    { kind: 'close-without-response', executed: true },
    { kind: '429', retryAfter: 0.3 },
  ])('whose acknowledgement meets %o is taken and answered once', async (fault) => {
    stage.playground.fault({ ...fault, route: 'POST /interactions/*/callback' });
    const listed = await stage.playground.command({
      user: 'ada',
      name: 'subject',
      subcommand: 'list',
      until: 'settled',
    });
    expect(listed.message?.content).toContain('**Rex**');
    expect(listed.followUps).toEqual([]);
    expect(listed.callbackType).toBe(5);
  });
});

describe('an outcome', () => {
  test.each<FaultRequest>([
    { kind: '500', times: 6 },
    { kind: '503', times: 2 },
    { kind: 'reset-before' },
    { kind: 'reset-after-body' },
    { kind: 'close-without-response', executed: true },
    { kind: 'bad-json' },
    { kind: 'html-200' },
    { kind: '429', retryAfter: 0.3 },
  ])('whose message meets %o arrives exactly once', async (fault) => {
    const rendition = await imagine();
    stage.playground.fault({ ...fault, route: 'POST /channels/*/messages' });
    await finishRendition(stage, rendition);
    await stage.see(`Seed ${rendition.seed}`);
    await until(async () => {
      const delivery = await findDelivery(stage.database.db, 'rendition', rendition.id);
      return delivery?.status === 'delivered';
    }, 'delivered');
    await settle();
    expect(inChannel(`Seed ${rendition.seed}`)).toHaveLength(1);
  });

  test('whose 429 names its pause in the body only is not hammered', async () => {
    const rendition = await imagine();
    const posts = () =>
      requests().filter(({ method, path }) => method === 'POST' && path.endsWith('/messages'))
        .length;
    const before = posts();
    const route = 'POST /channels/*/messages';
    stage.playground.fault({ kind: '429-body-only', times: 2, route });
    await finishRendition(stage, rendition);
    await stage.see(`Seed ${rendition.seed}`);
    expect(posts() - before).toBe(3);
  });

  test('that comes while the bot is away is delivered when it is back, once', async () => {
    const rendition = await imagine();
    await stage.restart(() => finishRendition(stage, rendition));
    await stage.see(`Seed ${rendition.seed}`);
    await stage.restart();
    await settle();
    expect(inChannel(`Seed ${rendition.seed}`)).toHaveLength(1);
  });

  test('of a prompt that does not fit names the first word that does not', async () => {
    const rendition = await imagine('a [Rex] at sunset');
    const started = await startRenditionAttempt(stage.database.db, rendition.id);
    await failRendition(stage.database.db, rendition.id, started.started ? started.attempt : 0, {
      code: 'PROMPT_TOO_LONG',
      detail: { word: 'sunset' },
    });
    const told = await stage.see('does not fit');
    expect(readText(told).split('\n').slice(1)).toEqual([
      '> a [Rex] at sunset',
      'Not drawn. The prompt is too long: `sunset` and what follows it does not fit. Shorten it and try again.',
    ]);
  });

  test('of a prompt with @everyone pings nobody', async () => {
    const rendition = await imagine('a [Rex] with @everyone and @here, *bold*');
    expect(rendition.prompt).toBe('a [Rex] with @everyone and @here, *bold*');
    await finishRendition(stage, rendition);
    const posted = await stage.see('@everyone');
    expect(posted.mention_everyone).toBe(false);
    expect(posted.mentions).toEqual([]);
    expect(readText(posted)).toContain('> a [Rex] with @everyone and @here, \\*bold\\*');
  });

  test('asked for twice by the same interaction is one rendition', async () => {
    const rendition = await imagine('a [Rex] twice', { duplicate: true });
    await finishRendition(stage, rendition);
    await stage.see(`Seed ${rendition.seed}`);
    await settle();
    expect(inChannel(`Seed ${rendition.seed}`)).toHaveLength(1);
  });

  test('that Discord refuses for good is given up, and the list of subjects tells', async () => {
    const { run } = await requestTrainingAs(stage, 'cleo', { name: 'Muted' });
    const attempt = await takeTraining(stage, run.id);
    await stage.see('**Muted**');
    const bits = stage.playground.channel.botPermissions;
    stage.playground.changeChannel('general', { botPermissions: 0n });
    try {
      await finishTraining(stage, run, attempt, 'ddd');
      await until(async () => {
        const delivery = await findDelivery(stage.database.db, 'training', run.id);
        return delivery?.status === 'failed';
      }, 'given up');
    } finally {
      stage.playground.changeChannel('general', { botPermissions: bits });
    }
    const listed = await stage.playground.command({
      user: 'cleo',
      name: 'subject',
      subcommand: 'list',
      until: 'settled',
    });
    expect(listed.message?.content).toContain(
      '• **Muted** (dog, 3 photos): ready (I could not post its samples)',
    );
  });
});

describe('rows', () => {
  test('without a job are enqueued by the sweep', async () => {
    const { db } = stage.database;
    const created = await createTraining(db, {
      userId: stage.playground.users.eve?.id ?? '',
      guildId: null,
      channelId: stage.playground.channel.id,
      interactionId: '1',
      name: 'Swept',
      classNoun: 'dog',
      settings: { seed: 1 },
      photos: [],
    });
    if (created.outcome !== 'created') throw new Error(created.outcome);
    await db.execute(
      sql`update training_runs set created_at = now() - interval '1 minute' where id = ${created.run.id}`,
    );
    await until(() => stage.queue.hasJob('train-subject', created.run.id), 'a job');
  });
});

describe('a picture', () => {
  test('is published and withdrawn by nobody but its maker', async () => {
    await trainSubjectAs(stage, 'fay', { name: 'Gone' }, 'fff');
    const asked = await stage.playground.command({
      user: 'fay',
      name: 'imagine',
      options: { prompt: 'a [V] in the gallery', seed: 42 },
      until: 'settled',
    });
    const rendition = await until(() =>
      findRenditionByInteraction(stage.database.db, asked.interactionId),
    );
    await finishRendition(stage, rendition);
    const posted = await stage.see('Seed 42');
    const press = (user: string, customId = `publish:${rendition.id}:0`) =>
      stage.playground.click({ user, message: posted.id, customId, forge: true, until: 'settled' });
    expect((await press('ben')).message?.content).toBe(
      'Only the person who asked for this picture can publish it.',
    );
    expect((await press('fay', `publish:${rendition.id}:7`)).message?.content).toBe(
      'I do not know this picture any more.',
    );
    expect((await press('fay', 'publish:../../etc')).message?.content).toContain('older version');
    const browse = () =>
      stage.playground.command({
        user: 'ben',
        name: 'gallery',
        subcommand: 'browse',
        until: 'settled',
      });
    expect(textOf(await browse())).toContain('This gallery is empty.');
    expect((await press('fay')).message?.content).toContain('Published.');
    expect((await press('fay')).message?.content).toContain('already in the gallery');
    const { message } = await browse();
    expect(message ? listFiles(message) : []).toHaveLength(1);
  });

  test('goes with its subject, which only its owner deletes, files and all', async () => {
    const ask = (user: string) =>
      stage.playground.command({
        user,
        name: 'subject',
        subcommand: 'delete',
        options: { subject: 'Gone' },
        until: 'settled',
      });
    expect((await ask('ben')).message?.content).toContain('You have no such subject.');
    const question = await ask('fay');
    expect(question.message?.content).toContain('and 1 published picture? This cannot be undone.');
    const [row] = question.message?.components ?? [];
    const [remove, keep] = (row as { components: { custom_id: string }[] }).components;
    const click = (user: string, customId = '') =>
      stage.playground.click({
        user,
        message: question.message?.id ?? '',
        customId,
        forge: true,
        until: 'settled',
      });
    const files = await stage.countFiles();
    expect((await click('fay', keep?.custom_id)).message?.content).toBe('Nothing was deleted.');
    const forged = await click('ben', remove?.custom_id);
    expect(forged.followUps.map(({ content }) => content).join()).toContain(
      'You have no such subject.',
    );
    expect(await stage.countFiles()).toBe(files);
    const deleted = await click('fay', remove?.custom_id);
    expect(deleted.message?.content).toBe(
      '**Gone**, its photos and my copies of its pictures are deleted.',
    );
    // Three photos, the weights, two samples, the class before and after, and the picture.
    expect(await stage.countFiles()).toBe(files - 9);
    const page = await stage.playground.command({
      user: 'ben',
      name: 'gallery',
      subcommand: 'browse',
      until: 'settled',
    });
    expect(textOf(page)).toContain('This gallery is empty.');
  });
});

describe('a deleted subject', () => {
  const dora = () => stage.playground.users.dora?.id ?? '';

  test('leaves none of its files in the store', async () => {
    const before = await stage.listFiles();
    const subject = await trainSubjectAs(stage, 'dora', { name: 'Traceless' }, 'ggg');
    const options = { prompt: 'a [Traceless] in the snow', count: 3 };
    const rendition = await imagine(options.prompt, { user: 'dora', options });
    await finishRendition(stage, rendition);
    await stage.see('[Traceless] in the snow');
    expect(await stage.countFiles()).toBe(before.length + 8 + 3);
    const question = await stage.playground.command({
      user: 'dora',
      name: 'subject',
      subcommand: 'delete',
      options: { subject: 'Traceless' },
      until: 'settled',
    });
    await stage.playground.click({
      user: 'dora',
      message: question.message?.id ?? '',
      customId: `delete:${subject.id}`,
      until: 'settled',
    });
    expect(await stage.listFiles()).toEqual(before);
    const publish = await stage.playground.command({
      user: 'dora',
      name: 'gallery',
      subcommand: 'publish',
      until: 'settled',
    });
    expect(publish.message?.content).toContain('You have no finished picture here yet.');
  });

  test('whose outcomes wait ends them with one message each, and its files go although the bot died', async () => {
    const before = await stage.listFiles();
    const { run, subject } = await requestTrainingAs(stage, 'dora', { name: 'Unheard' });
    const attempt = await takeTraining(stage, run.id);
    await stage.see('**Unheard**');
    const { db } = stage.database;
    await stage.restart(async () => {
      await finishTraining(stage, run, attempt, 'hhh');
      const rendition = await insertRendition(db, {
        userId: dora(),
        guildId: null,
        channelId: run.channelId,
        subjectId: subject.id,
        prompt: 'unheard of',
        resolvedPrompt: 'unheard of',
      });
      await finishRendition(stage, rendition);
      // And no more: as if the bot had died before it deleted the first file.
      await softDeleteSubject(db, { subjectId: subject.id, ownerId: dora() });
      expect(await stage.countFiles()).toBe(before.length + 8 + 2);
    });
    await until(() => inChannel('**Unheard**').length === 2 && isOver(inChannel('**Unheard**')));
    expect(
      inChannel('**Unheard**').map((message) => [
        readText(message).split('\n').at(-1),
        listFiles(message).length,
      ]),
    ).toEqual([
      ['Not learned. The subject was deleted.', 0],
      ['Not drawn. The subject was deleted.', 0],
    ]);
    const delivery = () => findDelivery(db, 'training', run.id);
    await until(async () => (await delivery())?.status === 'delivered', 'delivered');
    await until(async () => (await stage.countFiles()) === before.length, 'files deleted');
    expect(await stage.listFiles()).toEqual(before);
    await until(async () => (await delivery())?.payload?.outcome === 'failed', 'purged');
  });
});

test('every message that was sent allows no mention', () => {
  const written = requests().filter(
    ({ method, path }) => method !== 'DELETE' && /messages|callback/.test(path),
  );
  const bodies = written.map(({ body }) => {
    const sent = (body ?? {}) as { content?: string; data?: object };
    return (sent.data ?? sent) as { content?: string; allowed_mentions?: { parse?: unknown } };
  });
  const withText = bodies.filter(({ content }) => content !== undefined);
  expect(withText.length).toBeGreaterThan(50);
  for (const body of withText) expect(body.allowed_mentions?.parse).toEqual([]);
});

describe('messages older than an hour', () => {
  test(
    'are replaced instead of edited',
    async () => {
      const old = await startBotStage({ startMs: Date.now() - 2 * 60 * 60 * 1000 });
      try {
        const { run } = await requestTrainingAs(old, 'ada', { name: 'Old' });
        const first = await old.see('**Old**');
        const attempt = await takeTraining(old, run.id);
        await reportTraining(old, run.id, attempt, { step: 30 });
        const second = await old.see('Step 30 of 100');
        expect(second.id).not.toBe(first.id);
        await until(() => old.playground.messages().length === 1 || undefined);
        await finishTraining(old, run, attempt);
        const last = await old.see('Ready.');
        expect(last.id).not.toBe(second.id);
        await until(() => old.playground.messages().length === 1 || undefined);
        expect(listFiles(old.playground.messages()[0]!)).toHaveLength(2);
      } finally {
        await old.close();
      }
    },
    STAGE_TIMEOUT_MS,
  );
});
