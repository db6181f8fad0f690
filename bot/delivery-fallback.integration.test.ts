/** @file Outcomes that their channel does not take: by direct message where that is allowed, in `/jobs` otherwise. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findDelivery } from '#db/queries/outbox-deliveries.ts';
import { softDeleteRendition } from '#db/queries/rendition-deletion.ts';
import { getRendition } from '#db/queries/renditions.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { insertRendition, makeSnowflake } from '#db/testing/rows.ts';
import { findCustomId, listFiles, readText } from '#playground/message-parts.ts';
import {
  type BotStage,
  makePhotos,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import { finishRendition } from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});
beforeEach(() => stage.playground.clearFaults());

const jobs = (user: string, subcommand: string, options: Record<string, string | boolean> = {}) =>
  stage.playground.command({
    ...{ user, name: 'jobs', subcommand, options, until: 'settled' },
    timeoutMs: STAGE_TIMEOUT_MS,
  });
const directMessages = (user: string) => stage.playground.messages({ dmOf: user });

/** Draws pictures for a channel that the bot may not write in. */
async function drawInClosedChannel(user: string): Promise<Rendition> {
  const { playground, database } = stage;
  const closed = playground.createChannel({ name: `closed-${makeSnowflake()}` });
  playground.changeChannel(closed.id, { botPermissions: 0n });
  const userId = playground.user(user).id;
  const where = { userId, guildId: playground.guild.id, channelId: closed.id };
  const rendition = await insertRendition(database.db, { ...where, seed: 5 });
  await finishRendition(stage, rendition);
  return rendition;
}

const statusOf = async ({ id }: Rendition) =>
  (await findDelivery(stage.database.db, 'rendition', id))?.status;
const givenUp = (rendition: Rendition) =>
  until(async () => (await statusOf(rendition)) === 'failed', 'given up');

test('pictures that the channel does not take wait in /jobs, and nobody is written to unasked', async () => {
  const rendition = await drawInClosedChannel('ada');
  await givenUp(rendition);
  expect(directMessages('ada')).toEqual([]);
  const log = JSON.stringify(stage.logs.find(({ refId }) => refId === rendition.id));
  expect(log).toMatch(/"msg":"not delivered"/);
  expect(log).not.toMatch(new RegExp(`"Buffer"|requestBody|${rendition.prompt.slice(4)}`));
  const listed = await jobs('ada', 'list');
  expect(listed.message?.content).toMatch(
    /: done \(.*\)\. I could not post it: `\/jobs show` does$/,
  );
  const shown = await jobs('ada', 'show', { job: rendition.id });
  expect(listFiles(shown.message!)).toHaveLength(2);
});

test('who allowed it gets them by direct message, once, and they go when they are deleted', async () => {
  const allowed = await jobs('ben', 'dm', { allow: true });
  expect(allowed.message?.content).toMatch(/^Where I cannot post in a channel, I write to you/);
  stage.playground.fault({ kind: 'reset-after-body', route: 'POST /channels/*/messages', skip: 1 });
  const rendition = await drawInClosedChannel('ben');
  await until(async () => (await statusOf(rendition)) === 'delivered', 'delivered');
  const [message, ...more] = directMessages('ben');
  expect(more).toEqual([]);
  expect(readText(message!)).toContain('Seed 5');
  expect(listFiles(message!)).toHaveLength(2);
  const row = await getRendition(stage.database.db, rendition.id);
  expect(row?.channelId).toBe(message?.channel_id);
  await softDeleteRendition(stage.database.db, rendition.id);
  await until(() => directMessages('ben').length === 0, 'message removed');
});

test('who takes that back, or takes no direct messages, finds them in /jobs', async () => {
  await jobs('ben', 'dm', { allow: false });
  await givenUp(await drawInClosedChannel('ben'));
  expect(directMessages('ben')).toEqual([]);

  await jobs('cleo', 'dm', { allow: true });
  stage.playground.changeUser('cleo', { acceptsDms: false });
  await givenUp(await drawInClosedChannel('cleo'));
  const listed = await jobs('cleo', 'list');
  expect(listed.message?.content).toContain('I could not post it');
});

test('a question that did not get through is in /jobs, with its buttons', async () => {
  const photos = await makePhotos(3);
  const kind = 'expired-token';
  await stage.playground.command({
    ...{ user: 'dora', name: 'train', options: { class: 'dog', name: 'Asked', consent: true } },
    files: Object.fromEntries(photos.map((photo, i) => [`photo${i + 1}`, photo])),
    faults: [{ kind, route: '/webhooks/*{token}*', times: 9 }],
  });
  await stage.see(`<@${stage.playground.users.dora?.id}> My answer to you did not get through`);
  const listed = await jobs('dora', 'list');
  expect(listed.message?.content).toMatch(/^• Learning \*\*Asked\*\*: waiting for your Start/);
  const typed = await stage.playground.autocomplete({
    ...{ user: 'dora', name: 'jobs', subcommand: 'show', focused: 'job', value: 'ask' },
    timeoutMs: STAGE_TIMEOUT_MS,
  });
  const [choice] = typed.choices ?? [];
  expect(choice?.name).toBe('waiting for your Start: Learning Asked');
  const job = String(choice?.value);
  const question = (await jobs('dora', 'show', { job })).message!;
  expect(readText(question)).toContain('**Asked** (dog): 3 photos');
  expect(findCustomId(question, 'train-start:')).toBeDefined();
  expect((await jobs('dora', 'retry', { job })).message?.content).toMatch(/^Only a job that/);
  const discarded = await jobs('dora', 'cancel', { job });
  expect(readText(discarded.message!)).toMatch(/^Nothing was learned/);
  expect((await jobs('dora', 'list')).message?.content).toMatch(/^You have asked for nothing yet/);
});
