/** @file Forum posts and reactions, as the real discord.js client sees them. */
import {
  type Client,
  Events,
  GatewayIntentBits,
  type GuildForumThreadCreateOptions,
} from 'discord.js';
import { afterEach, describe, expect, test } from 'vitest';
import type { Playground } from './server.ts';
import { startPlayground } from './server.ts';
import { clientOptions, logIn } from './test-bot.ts';
import { png } from './test-picture.ts';
import type { ChannelRecord } from './world.ts';

let playground: Playground;
let client: Client<true>;
afterEach(async () => {
  await client.destroy();
  await playground.close();
});

const tags = ['dog', 'cat'].map((name, index) => ({
  id: String(700 + index),
  name,
  moderated: index === 1,
}));

async function openForum(change: Partial<ChannelRecord> = {}) {
  playground = await startPlayground();
  client = await logIn(playground, {
    ...clientOptions(playground),
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessageReactions],
  });
  const record = playground.createChannel({ name: 'gallery', type: 15, tags });
  Object.assign(record, change);
  const channel = await client.channels.fetch(record.id);
  if (!channel?.isThreadOnly()) throw new Error('no forum');
  const post = (more: Partial<GuildForumThreadCreateOptions> = {}) =>
    channel.threads.create({
      name: 'Rex',
      message: { content: 'a dog', files: [{ attachment: png, name: 'rex.png' }] },
      ...more,
    });
  return { record, channel, post };
}

describe('a forum', () => {
  test('takes posts with tags; a post has the id of its first message', async () => {
    const { channel, post } = await openForum();
    expect(channel.availableTags.map(({ name }) => name)).toEqual(['dog', 'cat']);
    const thread = await post({ appliedTags: ['700'] });
    expect(thread.appliedTags).toEqual(['700']);
    expect(thread.parentId).toBe(channel.id);
    const [message] = playground.messages({ channel: thread.id });
    expect(message).toMatchObject({ id: thread.id, channel_id: thread.id, content: 'a dog' });
    expect(message?.attachments).toHaveLength(1);
    const active = await channel.guild.channels.fetchActiveThreads();
    expect([...active.threads.keys()]).toEqual([thread.id]);
  });

  test.each<[string, Partial<ChannelRecord>, Partial<GuildForumThreadCreateOptions>, number]>([
    ['six tags', {}, { appliedTags: Array(6).fill('700') }, 50035],
    ['an unknown tag', {}, { appliedTags: ['1'] }, 50035],
    [
      'a tag for moderators',
      { botPermissions: (1n << 10n) | (1n << 11n) | (1n << 15n) },
      { appliedTags: ['701'] },
      50035,
    ],
    ['no tag where one is required', { flags: 16 }, {}, 40067],
    ['no permission to send', { botPermissions: 1n << 10n }, {}, 50013],
    ['an empty message', {}, { message: { content: ' ' } }, 50006],
  ])('refuses a post with %s, and keeps nothing of it', async (_, change, options, code) => {
    const { record, post } = await openForum(change);
    const channels = playground.world.channels.size;
    await expect(post(options)).rejects.toMatchObject({ code });
    expect(playground.world.channels.size).toBe(channels);
    expect([...playground.world.messages.values()]).toEqual([]);
    const plain = client.rest.post(`/channels/${record.id}/messages`, { body: { content: 'x' } });
    await expect(plain).rejects.toMatchObject({ code: 50008 });
  });

  test('lets its posts be changed until they are archived, and deleted by moderators only', async () => {
    const { record, post } = await openForum();
    const thread = await post();
    await thread.setAppliedTags(['700']);
    expect(playground.world.channels.get(thread.id)?.appliedTags).toEqual(['700']);
    const message = await thread.fetchStarterMessage();
    await message?.edit('a cat');
    await thread.setArchived(true);
    await expect(message?.edit('a fish')).rejects.toMatchObject({ code: 50083 });
    const stored = playground.world.channels.get(thread.id);
    if (stored) stored.botPermissions = record.botPermissions & ~(1n << 34n);
    await expect(thread.delete()).rejects.toMatchObject({ code: 50013 });
    if (stored) stored.botPermissions = record.botPermissions;
    await thread.delete();
    expect(playground.world.messages.size).toBe(0);
    expect(playground.world.channels.has(thread.id)).toBe(false);
  });

  test('tells of reactions, each once', async () => {
    const { post } = await openForum();
    const thread = await post();
    const seen: string[] = [];
    client.on(Events.MessageReactionAdd, ({ emoji, count }) => seen.push(`+${emoji.name}${count}`));
    client.on(Events.MessageReactionRemove, ({ emoji }) => seen.push(`-${emoji.name}`));
    await thread.fetchStarterMessage();
    const star = { user: 'ben', message: thread.id, emoji: '⭐' };
    playground.react(star);
    playground.react(star);
    playground.react({ ...star, user: 'cleo' });
    playground.unreact(star);
    playground.unreact(star);
    await expect.poll(() => seen).toEqual(['+⭐1', '+⭐2', '-⭐']);
    const [message] = playground.messages({ channel: thread.id });
    expect(message?.reactions).toMatchObject([{ emoji: { name: '⭐' }, count: 1 }]);
  });

  test('lists who reacted, by id, a page at a time', async () => {
    const { post } = await openForum();
    const thread = await post();
    const star = { message: thread.id, emoji: '⭐' };
    for (const user of ['cleo', 'ben']) playground.react({ ...star, user });
    playground.react({ ...star, user: 'dora', emoji: '👍' });
    const message = await thread.messages.fetch({ message: thread.id, force: true });
    const reaction = message.reactions.cache.get('⭐');
    const first = await reaction?.users.fetch({ limit: 1 });
    const rest = await reaction?.users.fetch({ limit: 100, after: first?.lastKey() ?? '' });
    const [ben, cleo] = ['ben', 'cleo'].map((name) => playground.user(name).id).sort();
    expect([...(first?.keys() ?? [])]).toEqual([ben]);
    expect([...(rest?.keys() ?? [])]).toEqual([cleo]);
    playground.deleteMessage(thread.id);
    await expect(reaction?.users.fetch()).rejects.toMatchObject({ code: 10008 });
  });
});
