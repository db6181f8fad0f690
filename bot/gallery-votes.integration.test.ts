/** @file Votes for published pictures by button and reaction, also those that nobody told the bot of. */
import { describe, expect, test } from 'vitest';
import { getPost } from '#db/queries/gallery-posts.ts';
import type { GalleryPost } from '#db/schema/gallery-posts.ts';
import { readText } from '#playground/message-parts.ts';
import { STAGE_TIMEOUT_MS, until } from './testing/bot-stage.ts';
import { tags, useGallery } from './testing/gallery-stage.ts';

const at = useGallery();
const { db, configure, told, press, gallery, messageOf, published } = at;

describe('votes', () => {
  const star = (user: string, message: string) => ({ user, message, emoji: '⭐' });

  test('by button and by reaction count once a person, and show in the post', async () => {
    const { post } = await published();
    const message = post.messageId ?? '';
    const first = await press('ben', `vote:${post.id}`, message);
    expect(told(first)).toBe('Your vote counts. It has 1 vote now. Press again to take it back.');
    at.stage.playground.react(star('ben', message));
    at.stage.playground.react(star('cleo', message));
    at.stage.playground.react({ ...star('dora', message), emoji: '👍' });
    at.stage.playground.react(star('ada', message));
    await until(async () => (await getPost(db(), post.id))?.voteCount === 2, 'two votes');
    await until(() => readText(messageOf(post)).includes('⭐ 2 votes'), 'shown');
    expect(messageOf(post).attachments).toHaveLength(1);
    expect(told(await press('ben', `vote:${post.id}`, message))).toMatch(
      /^Your ⭐ under its message still counts\. It has 2 votes now\./,
    );
    at.stage.playground.unreact(star('ben', message));
    await until(async () => (await getPost(db(), post.id))?.voteCount === 1, 'one vote');
    expect(told(await press('ada', `vote:${post.id}`, message))).toMatch(/^This picture is yours/);
  });

  const votesOf = async (post: GalleryPost) => (await getPost(db(), post.id))?.voteCount;
  const recounts = () =>
    at.stage.logs
      .filter(({ msg }) => msg === 'missed reactions counted')
      .map(({ changed }) => changed);

  test('by reactions while the bot was away are counted when it is back, once', async () => {
    const { post } = await published();
    const message = post.messageId ?? '';
    await press('ben', `vote:${post.id}`, message);
    at.stage.playground.react(star('cleo', message));
    await until(async () => (await votesOf(post)) === 2, 'two votes');
    await at.stage.restart(async () => {
      at.stage.playground.unreact(star('cleo', message));
      for (const user of ['ben', 'dora', 'eve', 'fay', 'ada']) {
        at.stage.playground.react(star(user, message));
      }
    });
    await until(() => readText(messageOf(post)).includes('⭐ 4 votes'), 'four votes');
    expect(told(await press('ben', `vote:${post.id}`, message))).toMatch(
      /^Your ⭐ under its message still counts\. It has 4 votes now\./,
    );
    expect(recounts()).toEqual([5]);
    await at.stage.restart();
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
      at.stage.playground
        .log()
        .filter((entry) => entry.kind === 'rest' && entry.path.includes(path) && entry.status);
    at.stage.playground.fault({
      ...{ kind: 'slow', delayMs: 2_000, times: 2 },
      route: `GET /channels/*${path}*`,
    });
    await at.stage.restart();
    at.stage.playground.react(star('dora', message));
    await until(async () => (await votesOf(post)) === 1, 'one vote');
    expect(answers()).toEqual([]);
    // The first answer is older than the reaction, the second knows of it.
    const { reactions } = at.stage.playground.world.messages.get(message)!;
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
    const { reactions } = at.stage.playground.world.messages.get(post.messageId ?? '')!;
    const crowd = Array.from({ length: 120 }, (_, i) =>
      at.stage.playground.createUser({ username: `fan${i}` }),
    );
    // The gateway tells nobody of these.
    reactions.set('⭐', new Set(crowd.map(({ id }) => id)));
    at.stage.playground.fault({ kind: 'invalid-session' });
    await until(async () => (await votesOf(post)) === 120, '120 votes', STAGE_TIMEOUT_MS);
    expect(at.stage.bot.isHealthy()).toBe(true);
  });

  test('lead to the hall of fame, with its tag', async () => {
    await configure({ galleryChannelId: at.forum.id, hallOfFameThreshold: 2 });
    const { post, rendition } = await published();
    for (const user of ['ben', 'cleo']) await press(user, `vote:${post.id}`, post.messageId ?? '');
    await until(() => readText(messageOf(post)).includes('🏆 Hall of fame'), 'fame');
    const thread = at.stage.playground.world.channels.get(post.channelId ?? '');
    await until(() => thread?.appliedTags.includes(tags[2]!.id), 'the tag');
    expect(told(await gallery('dora', 'top', { of: 'hall' }))).toContain(rendition.prompt);
    expect(told(await gallery('dora', 'top'))).toContain(rendition.prompt);
  });
});
