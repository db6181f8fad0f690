/** @file For tests: a server with a gallery, subjects to draw, and what its people do there. */
import type { APIMessage } from 'discord.js';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { listGalleryPage } from '#db/queries/gallery-pages.ts';
import { getPost } from '#db/queries/gallery-posts.ts';
import { changeGuildSettings } from '#db/queries/guilds.ts';
import { findDelivery } from '#db/queries/outbox-deliveries.ts';
import { findRenditionByInteraction, getRendition } from '#db/queries/renditions.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import { readText } from '#playground/message-parts.ts';
import type { ChannelRecord } from '#playground/world.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage, until } from './bot-stage.ts';
import { finishRendition, trainSubjectAs } from './played-worker.ts';

/** Of the gallery's forum. */
export const tags = ['Dog', 'Watercolour', 'Hall of fame', 'Staff'].map((name, index) => ({
  id: String(100_000_000_000_000_001n + BigInt(index)),
  name,
  moderated: name === 'Staff',
}));

/** View, send, attach and the like. */
const memberPermissions = (1n << 10n) | (1n << 11n) | (1n << 15n) | (1n << 16n) | (1n << 31n);

/**
 * Sets a server up for the tests of a file: ada's dog Rex, eve's cat Tom, a forum as gallery, a channel and a person who
 * moderate. Each test begins with these settings.
 */
export function useGallery() {
  let stage: BotStage;
  let rex: Subject;
  let forum: ChannelRecord;
  beforeAll(async () => {
    // A new session may wait for 5 s, as Discord asks.
    stage = await startBotStage({ timings: { gatewayDownMs: 30_000 } });
    rex = await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
    await trainSubjectAs(stage, 'eve', { name: 'Tom', classNoun: 'cat' }, 'eqz');
    forum = stage.playground.createChannel({ name: 'gallery', type: 15, tags });
    stage.playground.createChannel({ name: 'moderators' });
    stage.playground.createUser({ username: 'mod', permissions: (1n << 13n) | memberPermissions });
  }, STAGE_TIMEOUT_MS);
  afterAll(async () => {
    expect(stage.playground.violations).toEqual([]);
    await stage.close();
  });
  beforeEach(() => {
    stage.playground.clearFaults();
    return configure({ galleryChannelId: forum.id, moderatorChannelId: channelId('moderators') });
  });

  const db = () => stage.database.db;
  const guildId = () => stage.playground.guild.id;
  const idOf = (name: string) => stage.playground.user(name).id;
  const channelId = (name: string) =>
    [...stage.playground.world.channels.values()].find((channel) => channel.name === name)?.id ??
    '';
  const configure = (settings: Parameters<typeof changeGuildSettings>[2]) =>
    changeGuildSettings(db(), guildId(), {
      galleryChannelId: null,
      hallOfFameThreshold: 5,
      locale: 'en-US',
      ...settings,
    });
  const told = ({ message, ephemeral }: ActionOutcome) => {
    expect(ephemeral).toBe(true);
    return message ? readText(message) : '';
  };

  let number = 0;
  async function draw(
    user: string,
    prompt = 'a watercolor of [Rex] at sea',
    how: object = {},
  ): Promise<Rendition> {
    number += 1;
    const asked = await stage.playground.command({
      user,
      name: 'imagine',
      options: { prompt: `${prompt}, number ${number}` },
      until: 'settled',
      ...how,
    });
    const row = await findRenditionByInteraction(db(), asked.interactionId);
    if (!row) throw new Error(`/imagine was answered with: ${told(asked)}`);
    await finishRendition(stage, row);
    return (await getRendition(db(), row.id)) ?? row;
  }
  const press = (user: string, customId: string, message: string, how: object = {}) =>
    stage.playground.click({ user, customId, message, until: 'settled', ...how });
  const publish = async (user: string, rendition: Rendition) =>
    press(user, `publish:${rendition.id}:0`, (await cardOf(rendition)).id);
  const cardOf = (rendition: Rendition) => stage.see(rendition.prompt);
  const gallery = (user: string, subcommand: string, options: object = {}) =>
    stage.playground.command({
      user,
      name: 'gallery',
      subcommand,
      options: { ...options },
      until: 'settled',
    });
  const threads = () =>
    [...stage.playground.world.channels.values()].filter(({ parentId }) => parentId === forum.id);
  const postOf = async (rendition: Rendition) => {
    const filter = { guildId: guildId(), order: 'newest', authorId: rendition.userId } as const;
    const { items } = await listGalleryPage(
      db(),
      { ...filter, withUnpublished: true },
      { limit: 50 },
    );
    const item = items.find(({ post }) => post.renditionId === rendition.id);
    if (!item) throw new Error('no post');
    return item.post;
  };
  const deliveredPost = async (rendition: Rendition) => {
    const { id } = await postOf(rendition);
    await until(
      async () => (await findDelivery(db(), 'gallery-post', id))?.status === 'delivered',
      'delivered',
    );
    const post = await getPost(db(), id);
    if (!post) throw new Error('no post');
    return post;
  };
  const messageOf = (post: { channelId: string | null; messageId: string | null }): APIMessage => {
    const messages = stage.playground.messages({ channel: post.channelId ?? '' });
    const message = messages.find(({ id }) => id === post.messageId);
    if (!message) throw new Error('no message');
    return message;
  };
  const published = async (user = 'ada', prompt?: string) => {
    const rendition = await draw(user, prompt);
    await publish(user, rendition);
    return { rendition, post: await deliveredPost(rendition) };
  };

  return {
    get stage() {
      return stage;
    },
    get rex() {
      return rex;
    },
    get forum() {
      return forum;
    },
    db,
    guildId,
    idOf,
    channelId,
    configure,
    told,
    draw,
    press,
    publish,
    cardOf,
    gallery,
    threads,
    postOf,
    deliveredPost,
    messageOf,
    published,
  };
}
