/** @file The gallery on a Discord of our own: forums with tags, plain channels, consent, pages, remix. */
import { beforeEach, describe, expect, test } from 'vitest';
import { findDelivery } from '#db/queries/outbox-deliveries.ts';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { revokeShares, shareSubject } from '#db/queries/shares.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import type { FaultRequest } from '#playground/faults.ts';
import { listComponents, listFiles, readText } from '#playground/message-parts.ts';
import { until } from './testing/bot-stage.ts';
import { tags, useGallery } from './testing/gallery-stage.ts';

const at = useGallery();
const {
  db,
  guildId,
  idOf,
  configure,
  told,
  draw,
  press,
  publish,
  gallery,
  threads,
  postOf,
  deliveredPost,
  messageOf,
  published,
} = at;

describe('Publish', () => {
  test('posts into the forum with title, tags, alt text and buttons', async () => {
    const rendition = await draw('ada');
    const answer = await publish('ada', rendition);
    expect(told(answer)).toBe(
      `Published. It will appear in <#${at.forum.id}>. \`/gallery browse\` shows it.`,
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
      const channel = at.stage.playground.createChannel({ name: `type-${type}`, type });
      await configure({ galleryChannelId: channel.id });
      const { post } = await published();
      const place = at.stage.playground.world.channels.get(post.channelId ?? '');
      expect(type === 0 ? place?.id : place?.parentId).toBe(channel.id);
      expect(messageOf(post).attachments).toHaveLength(1);
    }
  });

  test('only shows it in /gallery browse where no channel is set', async () => {
    await configure({});
    const before = threads().length;
    const { post, rendition } = await published();
    expect(post.messageId).toBeNull();
    expect(threads()).toHaveLength(before);
    expect(told(await gallery('ben', 'browse'))).toContain(rendition.prompt);
  });

  test('takes the first tag where the forum wants one, and none of the moderators', async () => {
    const strict = at.stage.playground.createChannel({
      name: 'strict',
      type: 15,
      flags: 16,
      tags: [tags[3]!, { ...tags[0]!, name: 'Anything' }],
    });
    await configure({ galleryChannelId: strict.id });
    const { post } = await published();
    expect(at.stage.playground.world.channels.get(post.channelId ?? '')?.appliedTags).toEqual([
      tags[0]?.id,
    ]);
  });

  test('speaks the language of the server in public, and one’s own to oneself', async () => {
    await configure({ galleryChannelId: at.forum.id, locale: 'de' });
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
    at.stage.playground.fault(fault);
    await publish('ada', rendition);
    await deliveredPost(rendition);
    expect(threads()).toHaveLength(before + 1);
  });

  test('that Discord refuses for good is told in /gallery mine, and browse has it all the same', async () => {
    const closed = at.stage.playground.createChannel({ name: 'closed', type: 15 });
    await configure({ galleryChannelId: closed.id });
    at.stage.playground.changeChannel('closed', { botPermissions: 1n << 10n });
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
  const owned = () => ({ subjectId: at.rex.id, ownerId: at.rex.ownerId });
  beforeEach(async () => {
    await shareSubject(db(), owned(), [{ kind: 'guild', id: guildId() }]);
  });
  const asked = async () => {
    const rendition = await draw('ben');
    const answer = await publish('ben', rendition);
    expect(told(answer)).toMatch(
      new RegExp(`^It shows a subject of somebody else, so I have asked <@${idOf('ada')}>`),
    );
    const question = await at.stage.playground.waitForMessage(
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
    await at.stage.see(`The picture of **Rex** by <@${idOf('ben')}> is in the gallery.`);
    expect(told(await press('ada', `refuse:${post.id}`, question.id, { forge: true }))).toMatch(
      /^This is decided already\./,
    );
  });

  test('is not published where its owner refuses', async () => {
    const { rendition, question, post } = await asked();
    expect(told(await press('ada', `refuse:${post.id}`, question.id))).toBe(
      'It will not be published.',
    );
    await at.stage.see('is not published: it was not allowed.');
    expect(told(await gallery('cleo', 'browse'))).not.toContain(rendition.prompt);
    expect(told(await gallery('ben', 'mine'))).toContain('not allowed by its subject’s owner');
  });

  test('can be taken back by the subject’s owner later', async () => {
    const { rendition, question, post } = await asked();
    await press('ada', `allow:${post.id}`, question.id);
    const { messageId } = await deliveredPost(rendition);
    expect(told(await press('ada', `unpublish:${post.id}`, messageId ?? ''))).toMatch(/^It is out/);
    await until(() => !at.stage.playground.world.channels.has(messageId ?? '') || undefined);
    await revokeShares(db(), owned(), 'all');
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
    await at.stage.restart();
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
    const typed = await at.stage.playground.autocomplete({
      user: 'ada',
      name: 'gallery',
      subcommand: 'unpublish',
      focused: 'picture',
      value: rendition.prompt,
      timeoutMs: 20_000,
    });
    expect(typed.choices).toEqual([{ name: `0 ⭐ ${rendition.prompt}`, value: post.id }]);
    const out = await gallery('ada', 'unpublish', { picture: post.id });
    expect(told(out)).toMatch(/^It is out of the gallery/);
    await until(() => !at.stage.playground.world.channels.has(post.channelId ?? '') || undefined);
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
    const sent = await at.stage.playground.modal({
      user: 'eve',
      customId: `remix:${rendition.id}`,
      values: { subject: [await subjectIdOf('eve')], prompt: 'a [V] in the jungle' },
      until: 'settled',
    });
    const row = await findRenditionByInteraction(db(), sent.interactionId);
    expect(row).toMatchObject({ resolvedPrompt: 'a eqz cat in the jungle', userId: idOf('eve') });
  });

  test('is not for another server, nor for what is not published', async () => {
    at.stage.playground.createGuild({ name: 'Elsewhere', owner: 'eve' });
    const { post, rendition } = await published();
    const general = at.stage.playground.world.channels;
    const there = [...general.values()].find(
      (channel) => channel.name === 'general' && channel.guildId !== guildId(),
    );
    const said = at.stage.playground.say({ user: 'eve', channel: there?.id ?? '', content: 'x' });
    const forged = await press('eve', `remix:${rendition.id}`, said.id, { forge: true });
    expect(told(forged)).toMatch(/^This picture is not from this channel\./);
    await gallery('ada', 'unpublish', { picture: post.id });
    const late = await press('eve', `remix:${rendition.id}`, (await at.stage.see('Rex')).id, {
      forge: true,
      channel: 'moderators',
    });
    expect(late.answered).toBe(true);
  });
});

const subjectIdOf = async (user: string) => {
  const typed = await at.stage.playground.autocomplete({
    user,
    name: 'imagine',
    focused: 'subject',
    value: 'tom',
    timeoutMs: 20_000,
  });
  return String(typed.choices?.[0]?.value);
};
