/** @file The gallery on a Discord of our own: forums with tags, plain channels, votes, remix, consent, reports, and what goes again. */
import type { APIMessage } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listGalleryPage } from '#db/queries/gallery-pages.ts';
import { getPost } from '#db/queries/gallery-posts.ts';
import { changeGuildSettings } from '#db/queries/guilds.ts';
import { findDelivery } from '#db/queries/outbox-deliveries.ts';
import { findRenditionByInteraction, getRendition } from '#db/queries/renditions.ts';
import { revokeShares, shareSubject } from '#db/queries/shares.ts';
import type { GalleryPost } from '#db/schema/gallery-posts.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import type { FaultRequest } from '#playground/faults.ts';
import { listComponents, listFiles, readText } from '#playground/message-parts.ts';
import type { ChannelRecord } from '#playground/world.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage, until } from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs } from './testing/played-worker.ts';

let stage: BotStage;
let rex: Subject;
let forum: ChannelRecord;
const tags = ['Dog', 'Watercolour', 'Hall of fame', 'Staff'].map((name, index) => ({
  id: String(100_000_000_000_000_001n + BigInt(index)),
  name,
  moderated: name === 'Staff',
}));

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

/** View, send, attach and the like. */
const memberPermissions = (1n << 10n) | (1n << 11n) | (1n << 15n) | (1n << 16n) | (1n << 31n);
const db = () => stage.database.db;
const guildId = () => stage.playground.guild.id;
const idOf = (name: string) => stage.playground.user(name).id;
const channelId = (name: string) =>
  [...stage.playground.world.channels.values()].find((channel) => channel.name === name)?.id ?? '';
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

describe('Publish', () => {
  test('posts into the forum with title, tags, alt text and buttons', async () => {
    const rendition = await draw('ada');
    const answer = await publish('ada', rendition);
    expect(told(answer)).toBe(
      `Published. It will appear in <#${forum.id}>. \`/gallery browse\` shows it.`,
    );
    const post = await deliveredPost(rendition);
    const [thread] = threads().filter(({ id }) => id === post.channelId);
    expect(thread?.name).toBe(`Rex: ${rendition.prompt}`);
    expect(thread?.appliedTags).toEqual([tags[1]?.id, tags[0]?.id]);
    const message = messageOf(post);
    expect(message.attachments.map(({ description }) => description)).toEqual([rendition.prompt]);
    expect(readText(message)).toBe(
      `**Rex** by <@${idOf('ada')}>\n> ${rendition.prompt}\n⭐ 0 votes`,
    );
    const again = await publish('ada', rendition);
    expect(told(again)).toMatch(/^This picture is already in the gallery/);
    expect(threads()).toHaveLength(1);
  });

  test('posts into a media channel, and into a plain channel', async () => {
    for (const type of [16, 0]) {
      const channel = stage.playground.createChannel({ name: `type-${type}`, type });
      await configure({ galleryChannelId: channel.id });
      const { post } = await published();
      const place = stage.playground.world.channels.get(post.channelId ?? '');
      expect(type === 0 ? place?.id : place?.parentId).toBe(channel.id);
      expect(messageOf(post).attachments).toHaveLength(1);
    }
  });

  test('only shows it in /gallery browse where no channel is set', async () => {
    await configure({});
    const before = threads().length;
    const { post } = await published();
    expect(post.messageId).toBeNull();
    expect(threads()).toHaveLength(before);
    expect(told(await gallery('ben', 'browse'))).toContain(`number ${number}`);
  });

  test('takes the first tag where the forum wants one, and none of the moderators', async () => {
    const strict = stage.playground.createChannel({
      name: 'strict',
      type: 15,
      flags: 16,
      tags: [tags[3]!, { ...tags[0]!, name: 'Anything' }],
    });
    await configure({ galleryChannelId: strict.id });
    const { post } = await published();
    expect(stage.playground.world.channels.get(post.channelId ?? '')?.appliedTags).toEqual([
      tags[0]?.id,
    ]);
  });

  test('speaks the language of the server in public, and one’s own to oneself', async () => {
    await configure({ galleryChannelId: forum.id, locale: 'de' });
    const { post } = await published();
    const message = messageOf(post);
    expect(readText(message)).toContain('⭐ 0 Stimmen');
    const labels = listComponents(message.components).flatMap((item) =>
      'label' in item ? [item.label] : [],
    );
    expect(labels).toEqual(['⭐ Abstimmen', 'Mit meinem Motiv', 'Melden', 'Zurückziehen']);
  });

  test.each<FaultRequest>([
    { kind: '500', times: 3, route: 'POST /channels/*/threads' },
    { kind: 'reset-after-body', executed: true, route: 'POST /channels/*/threads' },
    { kind: 'close-without-response', executed: true, route: 'POST /channels/*/threads' },
    { kind: 'bad-json', executed: true, route: 'POST /channels/*/threads' },
    { kind: '429', retryAfter: 0.3, route: 'POST /channels/*/threads' },
    { kind: '503', times: 2, route: 'GET /channels/*' },
  ])('makes exactly one forum post although %o', async (fault) => {
    const before = threads().length;
    const rendition = await draw('ada');
    stage.playground.fault(fault);
    await publish('ada', rendition);
    await deliveredPost(rendition);
    expect(threads()).toHaveLength(before + 1);
  });

  test('that Discord refuses for good is told in /gallery mine, and browse has it all the same', async () => {
    const closed = stage.playground.createChannel({ name: 'closed', type: 15 });
    await configure({ galleryChannelId: closed.id });
    stage.playground.changeChannel('closed', { botPermissions: 1n << 10n });
    const rendition = await draw('ada');
    await publish('ada', rendition);
    const { id } = await postOf(rendition);
    await until(async () => (await findDelivery(db(), 'gallery-post', id))?.status === 'failed');
    expect(told(await gallery('ada', 'mine'))).toContain(
      `published, but I could not post it in <#${closed.id}>`,
    );
    expect(told(await gallery('ben', 'browse'))).toContain(rendition.prompt);
  });
});

describe('a picture with somebody else’s subject', () => {
  const owned = () => ({ subjectId: rex.id, ownerId: rex.ownerId });
  beforeEach(async () => {
    await shareSubject(db(), owned(), [{ kind: 'guild', id: guildId() }]);
  });
  const asked = async () => {
    const rendition = await draw('ben');
    const answer = await publish('ben', rendition);
    expect(told(answer)).toMatch(
      new RegExp(`^It shows a subject of somebody else, so I have asked <@${idOf('ada')}>`),
    );
    const question = await stage.playground.waitForMessage(
      (message) =>
        readText(message).includes(rendition.prompt) && readText(message).includes('would like'),
      { timeoutMs: 20_000 },
    );
    return { rendition, question, post: await postOf(rendition) };
  };

  test('waits for its owner, who allows it', async () => {
    const { rendition, question, post } = await asked();
    expect(question.attachments).toHaveLength(1);
    expect(told(await gallery('ben', 'mine'))).toContain(`waits for <@${idOf('ada')}>`);
    expect(told(await gallery('ada', 'mine'))).toContain(
      `<@${idOf('ben')}> would like to publish this picture of **Rex**`,
    );
    for (const user of ['ben', 'cleo']) {
      expect(told(await press(user, `allow:${post.id}`, question.id))).toMatch(/^Only the owner/);
    }
    expect(told(await press('ada', `allow:${post.id}`, question.id))).toMatch(/^Thank you\./);
    expect((await deliveredPost(rendition)).messageId).not.toBeNull();
    await stage.see(`The picture of **Rex** by <@${idOf('ben')}> is in the gallery.`);
    expect(told(await press('ada', `refuse:${post.id}`, question.id, { forge: true }))).toMatch(
      /^This is decided already\./,
    );
  });

  test('is not published where its owner refuses', async () => {
    const { rendition, question, post } = await asked();
    expect(told(await press('ada', `refuse:${post.id}`, question.id))).toBe(
      'It will not be published.',
    );
    await stage.see('is not published: it was not allowed.');
    expect(told(await gallery('cleo', 'browse'))).not.toContain(rendition.prompt);
    expect(told(await gallery('ben', 'mine'))).toContain('not allowed by its subject’s owner');
  });

  test('can be taken back by the subject’s owner later', async () => {
    const { rendition, question, post } = await asked();
    await press('ada', `allow:${post.id}`, question.id);
    const { messageId } = await deliveredPost(rendition);
    expect(told(await press('ada', `unpublish:${post.id}`, messageId ?? ''))).toMatch(/^It is out/);
    await until(() => !stage.playground.world.channels.has(messageId ?? '') || undefined);
    await revokeShares(db(), owned(), 'all');
  });
});

describe('votes', () => {
  const star = (user: string, message: string) => ({ user, message, emoji: '⭐' });

  test('by button and by reaction count once a person, and show in the post', async () => {
    const { post } = await published();
    const message = post.messageId ?? '';
    const first = await press('ben', `vote:${post.id}`, message);
    expect(told(first)).toBe('Your vote counts. It has 1 vote now. Press again to take it back.');
    stage.playground.react(star('ben', message));
    stage.playground.react(star('cleo', message));
    stage.playground.react({ ...star('dora', message), emoji: '👍' });
    stage.playground.react(star('ada', message));
    await until(async () => (await getPost(db(), post.id))?.voteCount === 2, 'two votes');
    await until(() => readText(messageOf(post)).includes('⭐ 2 votes'), 'shown');
    expect(messageOf(post).attachments).toHaveLength(1);
    expect(told(await press('ben', `vote:${post.id}`, message))).toMatch(
      /^Your ⭐ under its message still counts\. It has 2 votes now\./,
    );
    stage.playground.unreact(star('ben', message));
    await until(async () => (await getPost(db(), post.id))?.voteCount === 1, 'one vote');
    expect(told(await press('ada', `vote:${post.id}`, message))).toMatch(/^This picture is yours/);
  });

  const votesOf = async (post: GalleryPost) => (await getPost(db(), post.id))?.voteCount;
  const recounts = () =>
    stage.logs
      .filter(({ msg }) => msg === 'missed reactions counted')
      .map(({ changed }) => changed);

  test('by reactions while the bot was away are counted when it is back, once', async () => {
    const { post } = await published();
    const message = post.messageId ?? '';
    await press('ben', `vote:${post.id}`, message);
    stage.playground.react(star('cleo', message));
    await until(async () => (await votesOf(post)) === 2, 'two votes');
    await stage.restart(async () => {
      stage.playground.unreact(star('cleo', message));
      for (const user of ['ben', 'dora', 'eve', 'fay', 'ada']) {
        stage.playground.react(star(user, message));
      }
    });
    await until(() => readText(messageOf(post)).includes('⭐ 4 votes'), 'four votes');
    expect(told(await press('ben', `vote:${post.id}`, message))).toMatch(
      /^Your ⭐ under its message still counts\. It has 4 votes now\./,
    );
    expect(recounts()).toEqual([5]);
    await stage.restart();
    await published();
    expect(recounts()).toEqual([5]);
    expect(await votesOf(post)).toBe(4);
  });

  test('by reactions just while they are read again are not lost', async () => {
    const { post } = await published();
    const message = post.messageId ?? '';
    const path = `/messages/${message}/reactions/`;
    const before = recounts().length;
    const answers = () =>
      stage.playground
        .log()
        .filter((entry) => entry.kind === 'rest' && entry.path.includes(path) && entry.status);
    stage.playground.fault({
      ...{ kind: 'slow', delayMs: 2_000, times: 2 },
      route: `GET /channels/*${path}*`,
    });
    await stage.restart();
    stage.playground.react(star('dora', message));
    await until(async () => (await votesOf(post)) === 1, 'one vote');
    expect(answers()).toEqual([]);
    // The first answer is older than the reaction, the second knows of it.
    const { reactions } = stage.playground.world.messages.get(message)!;
    const now = reactions.get('⭐')!;
    reactions.delete('⭐');
    await until(() => answers().length === 1, 'an answer');
    reactions.set('⭐', now);
    await until(() => answers().length === 2, 'another');
    await published();
    expect(await votesOf(post)).toBe(1);
    expect(recounts()).toHaveLength(before);
  });

  test('that a new session of the gateway was not told of are counted, however many', async () => {
    const { post } = await published();
    const { reactions } = stage.playground.world.messages.get(post.messageId ?? '')!;
    const crowd = Array.from({ length: 120 }, (_, i) =>
      stage.playground.createUser({ username: `fan${i}` }),
    );
    // The gateway tells nobody of these.
    reactions.set('⭐', new Set(crowd.map(({ id }) => id)));
    stage.playground.fault({ kind: 'invalid-session' });
    await until(async () => (await votesOf(post)) === 120, '120 votes', STAGE_TIMEOUT_MS);
    expect(stage.bot.isHealthy()).toBe(true);
  });

  test('lead to the hall of fame, with its tag', async () => {
    await configure({ galleryChannelId: forum.id, hallOfFameThreshold: 2 });
    const { post, rendition } = await published();
    for (const user of ['ben', 'cleo']) await press(user, `vote:${post.id}`, post.messageId ?? '');
    await until(() => readText(messageOf(post)).includes('🏆 Hall of fame'), 'fame');
    const thread = stage.playground.world.channels.get(post.channelId ?? '');
    await until(() => thread?.appliedTags.includes(tags[2]!.id), 'the tag');
    expect(told(await gallery('dora', 'top', { of: 'hall' }))).toContain(rendition.prompt);
    expect(told(await gallery('dora', 'top'))).toContain(rendition.prompt);
  });
});

describe('/gallery', () => {
  test('browse pages through, back and forth, after a restart too', async () => {
    for (let index = 0; index < 5; index += 1) await published('eve', 'a [Tom] among many');
    const prompts = (outcome: ActionOutcome) =>
      [...told(outcome).matchAll(/> (a \[Tom\][^\n]*)/g)].map(([, prompt]) => prompt);
    const first = await gallery('ben', 'browse', { author: idOf('eve') });
    expect(prompts(first)).toHaveLength(4);
    expect(first.message ? listFiles(first.message) : []).toHaveLength(4);
    expect(told(first)).toContain(`newest first, by <@${idOf('eve')}>`);
    const turn = (outcome: ActionOutcome, label: string) => {
      const button = listComponents(outcome.message?.components).find(
        (item) => 'label' in item && item.label === label,
      );
      const customId = button && 'custom_id' in button ? button.custom_id : '';
      return press('ben', String(customId), outcome.message?.id ?? '');
    };
    await stage.restart();
    const second = await turn(first, 'Next');
    expect(prompts(second).length).toBeGreaterThanOrEqual(1);
    expect(prompts(second)).not.toEqual(expect.arrayContaining([prompts(first)[0]]));
    expect(prompts(await turn(second, 'Previous'))).toEqual(prompts(first));
  });

  test('publish takes the latest picture, or one that is chosen', async () => {
    const first = await draw('ada');
    const latest = await draw('ada');
    expect(told(await gallery('ada', 'publish'))).toMatch(/^Published\./);
    expect((await postOf(latest)).status).toBe('published');
    const chosen = { rendition: first.id, picture: 1 };
    expect(told(await gallery('ada', 'publish', chosen))).toMatch(/^Published\./);
    expect((await postOf(first)).status).toBe('published');
    expect(told(await gallery('ben', 'publish', { rendition: latest.id }))).toMatch(
      /^I do not know this picture\./,
    );
  });

  test('browse is narrowed by subject, style and time', async () => {
    const { rendition } = await published('eve', 'a comic of [Tom]');
    const found = await gallery('eve', 'browse', { subject: 'Tom', style: 'comic', top: 'month' });
    expect(told(found)).toContain('top of the month, of Tom, Comic');
    expect(told(found)).toContain(rendition.prompt);
    const none = await gallery('eve', 'browse', { subject: 'Tom', style: 'mosaic' });
    expect(told(none)).toContain('Nothing here is like that.');
    expect(told(await gallery('ben', 'browse', { subject: 'Tom' }))).toMatch(
      /^I do not know this subject\./,
    );
  });

  test('mine and unpublish suggest one’s own, and take it out with its message', async () => {
    const { post, rendition } = await published();
    const typed = await stage.playground.autocomplete({
      user: 'ada',
      name: 'gallery',
      subcommand: 'unpublish',
      focused: 'picture',
      value: `number ${number}`,
      timeoutMs: 20_000,
    });
    expect(typed.choices).toEqual([{ name: `0 ⭐ ${rendition.prompt}`, value: post.id }]);
    const out = await gallery('ada', 'unpublish', { picture: post.id });
    expect(told(out)).toMatch(/^It is out of the gallery/);
    await until(() => !stage.playground.world.channels.has(post.channelId ?? '') || undefined);
    expect(told(await gallery('ada', 'mine'))).toContain('not published any more');
    expect(told(await gallery('ada', 'unpublish', { picture: post.id }))).toMatch(
      /^This picture is not in the gallery/,
    );
    await publish('ada', rendition);
    expect((await deliveredPost(rendition)).messageId).not.toBe(post.messageId);
  });

  test('unpublish takes a link to its message from moderators', async () => {
    const { post } = await published();
    const link = `https://discord.com/channels/${guildId()}/${post.channelId}/${post.messageId}`;
    expect(told(await gallery('ben', 'unpublish', { picture: link }))).toMatch(/^Only its author/);
    expect(told(await gallery('mod', 'unpublish', { picture: link }))).toMatch(/^It is out/);
  });
});

describe('*Remix with my subject*', () => {
  test('under a published picture draws its prompt with a subject of the viewer', async () => {
    const { post, rendition } = await published('ada', 'a [Rex] dog in the jungle');
    const opened = await press('eve', `remix:${rendition.id}:0`, post.messageId ?? '', {
      until: 'callback',
    });
    expect(opened.callbackType).toBe(9);
    const sent = await stage.playground.modal({
      user: 'eve',
      customId: `remix:${rendition.id}`,
      values: { subject: [await subjectIdOf('eve')], prompt: 'a [V] in the jungle' },
      until: 'settled',
    });
    const row = await findRenditionByInteraction(db(), sent.interactionId);
    expect(row).toMatchObject({ resolvedPrompt: 'a eqz cat in the jungle', userId: idOf('eve') });
  });

  test('is not for another server, nor for what is not published', async () => {
    stage.playground.createGuild({ name: 'Elsewhere', owner: 'eve' });
    const { post, rendition } = await published();
    const general = stage.playground.world.channels;
    const there = [...general.values()].find(
      (channel) => channel.name === 'general' && channel.guildId !== guildId(),
    );
    const said = stage.playground.say({ user: 'eve', channel: there?.id ?? '', content: 'x' });
    const forged = await press('eve', `remix:${rendition.id}`, said.id, { forge: true });
    expect(told(forged)).toMatch(/^This picture is not from this channel\./);
    await gallery('ada', 'unpublish', { picture: post.id });
    const late = await press('eve', `remix:${rendition.id}`, (await stage.see('Rex')).id, {
      forge: true,
      channel: 'moderators',
    });
    expect(late.answered).toBe(true);
  });
});

const subjectIdOf = async (user: string) => {
  const typed = await stage.playground.autocomplete({
    user,
    name: 'imagine',
    focused: 'subject',
    value: 'tom',
    timeoutMs: 20_000,
  });
  return String(typed.choices?.[0]?.value);
};

describe('reports', () => {
  const card = (text: string) =>
    stage.playground.waitForMessage((message) => readText(message).includes(text), {
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
    await until(() => !stage.playground.world.channels.has(post.channelId ?? '') || undefined);
    expect(told(await publish('ada', rendition))).toMatch(/^The moderators of this server have/);
  });

  test('from the menu reach any message of this bot, and only those', async () => {
    const report = (target: string) =>
      stage.playground.command({ user: 'ben', name: 'Report', target, until: 'settled' });
    const said = stage.playground.say({ user: 'cleo', content: 'my own words' });
    expect(told(await report(said.id))).toMatch(/^I take reports of my own messages only\./);
    const rendition = await draw('ada');
    const shown = await cardOf(rendition);
    expect(told(await report(shown.id))).toMatch(/^Reported\./);
    await decide('mod', 'deny', await card(rendition.prompt));
    await until(() => stage.playground.messages().every(({ id }) => id !== shown.id) || undefined);
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
    const spot = await trainSubjectAs(stage, 'fay', { name: 'Spot', classNoun: 'dog' }, 'fqz');
    const { post } = await published('fay', 'a [Spot] at sea');
    stage.playground.fault({ kind: '500', times: 9, route: 'DELETE /channels/*' });
    const question = await stage.playground.command({
      user: 'fay',
      name: 'subject',
      subcommand: 'delete',
      options: { subject: spot.id },
      until: 'settled',
    });
    expect(told(question)).toContain('1 published picture');
    await press('fay', `delete:${spot.id}`, question.message?.id ?? '');
    await stage.restart();
    await until(
      () => !stage.playground.world.channels.has(post.channelId ?? '') || undefined,
      'gone',
    );
    expect(told(await gallery('ben', 'browse', { author: idOf('fay') }))).toContain('Nothing here');
  });

  test('where the bot may not delete a forum’s post, its message at least', async () => {
    const { post } = await published();
    const thread = stage.playground.world.channels.get(post.channelId ?? '');
    if (thread) thread.botPermissions &= ~(1n << 34n);
    await gallery('ada', 'unpublish', { picture: post.id });
    await until(() => stage.playground.messages({ channel: post.channelId ?? '' }).length === 0);
  });

  test('a post that a moderator deletes leaves the gallery, and is not posted again', async () => {
    const { post } = await published();
    stage.playground.deleteMessage(post.messageId ?? '');
    await press('ben', `vote:${post.id}`, (await stage.see('Rex')).id, { forge: true });
    await until(async () => (await getPost(db(), post.id))?.status === 'withdrawn', 'withdrawn');
  });
});
