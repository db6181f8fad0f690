/** @file What takes pictures out of the gallery: reports, deletions, moderators. */

import type { APIMessage } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { getPost } from '#db/queries/gallery-posts.ts';
import { listComponents, readText } from '#playground/message-parts.ts';
import { until } from './testing/bot-stage.ts';
import { useGallery } from './testing/gallery-stage.ts';
import { trainSubjectAs } from './testing/played-worker.ts';

const at = useGallery();
const { db, idOf, configure, told, draw, press, publish, cardOf, gallery, published } = at;

describe('reports', () => {
  const card = (text: string) =>
    at.stage.playground.waitForMessage((message) => readText(message).includes(text), {
      channel: 'moderators',
      timeoutMs: 20_000,
    });
  const decide = async (user: string, action: string, message: APIMessage) => {
    const ids = listComponents(message.components).flatMap((item) =>
      'custom_id' in item ? [String(item.custom_id)] : [],
    );
    return press(user, ids.find((id) => id.startsWith(action)) ?? '', message.id);
  };

  test('by button go to the moderators, who keep the picture', async () => {
    const { post, rendition } = await published();
    const taken = await press('ben', `report:${post.id}`, post.messageId ?? '');
    expect(told(taken)).toMatch(/^Reported\. The moderators of this server decide/);
    const asked = await card(rendition.prompt);
    expect(asked.attachments).toHaveLength(1);
    expect(readText(asked)).not.toContain(idOf('ben'));
    expect(told(await press('cleo', `report:${post.id}`, post.messageId ?? ''))).toMatch(
      /^Somebody has reported it already\./,
    );
    expect(told(await decide('ben', 'deny', asked))).toMatch(/^Only moderators/);
    expect(told(await decide('mod', 'approve', asked))).toBe('It stays.');
    const decided = await card(`Approved by <@${idOf('mod')}>: it stays.`);
    expect(listComponents(decided.components)).toEqual([]);
    expect((await getPost(db(), post.id))?.status).toBe('published');
    expect(told(await press('dora', `report:${post.id}`, post.messageId ?? ''))).toMatch(
      /^It was reported before/,
    );
  });

  test('that are denied take the picture down for good', async () => {
    const { post, rendition } = await published();
    await press('ben', `report:${post.id}`, post.messageId ?? '');
    expect(told(await decide('mod', 'deny', await card(rendition.prompt)))).toBe(
      'It is taken down.',
    );
    await until(() => !at.stage.playground.world.channels.has(post.channelId ?? '') || undefined);
    expect(told(await publish('ada', rendition))).toMatch(/^The moderators of this server have/);
  });

  test('from the menu reach any message of this bot, and only those', async () => {
    const report = (target: string) =>
      at.stage.playground.command({ user: 'ben', name: 'Report', target, until: 'settled' });
    const said = at.stage.playground.say({ user: 'cleo', content: 'my own words' });
    expect(told(await report(said.id))).toMatch(/^I take reports of my own messages only\./);
    const rendition = await draw('ada');
    const shown = await cardOf(rendition);
    expect(told(await report(shown.id))).toMatch(/^Reported\./);
    await decide('mod', 'deny', await card(rendition.prompt));
    await until(
      () => at.stage.playground.messages().every(({ id }) => id !== shown.id) || undefined,
    );
  });

  test('are refused where the server has no moderators’ channel', async () => {
    const { post } = await published();
    await configure({ moderatorChannelId: null });
    expect(told(await press('ben', `report:${post.id}`, post.messageId ?? ''))).toMatch(
      /^This server takes no reports\./,
    );
  });
});

describe('what is gone takes its posts along', () => {
  test('a deleted subject, even through an outage', async () => {
    const spot = await trainSubjectAs(at.stage, 'fay', { name: 'Spot', classNoun: 'dog' }, 'fqz');
    const { post } = await published('fay', 'a [Spot] at sea');
    at.stage.playground.fault({ kind: '500', times: 9, route: 'DELETE /channels/*' });
    const question = await at.stage.playground.command({
      user: 'fay',
      name: 'subject',
      subcommand: 'delete',
      options: { subject: spot.id },
      until: 'settled',
    });
    expect(told(question)).toContain('1 published picture');
    await press('fay', `delete:${spot.id}`, question.message?.id ?? '');
    await at.stage.restart();
    await until(
      () => !at.stage.playground.world.channels.has(post.channelId ?? '') || undefined,
      'gone',
    );
    expect(told(await gallery('ben', 'browse', { author: idOf('fay') }))).toContain('Nothing here');
  });

  test('where the bot may not delete a forum’s post, its message at least', async () => {
    const { post } = await published();
    const thread = at.stage.playground.world.channels.get(post.channelId ?? '');
    if (thread) thread.botPermissions &= ~(1n << 34n);
    await gallery('ada', 'unpublish', { picture: post.id });
    await until(() => at.stage.playground.messages({ channel: post.channelId ?? '' }).length === 0);
  });

  test('a post that a moderator deletes leaves the gallery, and is not posted again', async () => {
    const { post } = await published();
    at.stage.playground.deleteMessage(post.messageId ?? '');
    await press('ben', `vote:${post.id}`, (await at.stage.see('Rex')).id, { forge: true });
    await until(async () => (await getPost(db(), post.id))?.status === 'withdrawn', 'withdrawn');
  });
});
