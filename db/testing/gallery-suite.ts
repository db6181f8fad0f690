/** @file The tests of galleries, as one body that runs on PGlite and on Postgres. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Db } from '../client.ts';
import { migrateDatabase } from '../migrate.ts';
import {
  type GalleryCursor,
  type GalleryFilter,
  listGalleryPage,
} from '../queries/gallery-pages.ts';
import {
  findPostByMessage,
  getPost,
  isPublishedIn,
  listPublishRequests,
  listShownPosts,
  setPostMessage,
  withdrawLostPost,
} from '../queries/gallery-posts.ts';
import { alignReactions, castVote } from '../queries/gallery-votes.ts';
import { changeGuildSettings } from '../queries/guilds.ts';
import {
  claimDeliveries,
  findDelivery,
  markDelivered,
  requestMirrors,
  rescheduleDelivery,
} from '../queries/outbox-deliveries.ts';
import { answerPublishRequest, publishPost, withdrawPost } from '../queries/publishing.ts';
import { softDeleteRendition } from '../queries/rendition-deletion.ts';
import { createReport, decideReport, getReport } from '../queries/reports.ts';
import { shareSubject } from '../queries/shares.ts';
import { softDeleteSubject } from '../queries/subject-deletion.ts';
import { newId } from '../schema/columns.ts';
import { type GalleryPost, galleryPosts } from '../schema/gallery-posts.ts';
import { outboxDeliveries } from '../schema/outbox-deliveries.ts';
import type { Subject } from '../schema/subjects.ts';
import { insertFinishedRendition, insertReadySubject, makeSnowflake } from './rows.ts';

/**
 * Declares the tests.
 *
 * @param open opens an empty database; the suite migrates and closes it
 */
export function describeGalleries(name: string, open: () => Promise<Database>): void {
  describe(`galleries on ${name}`, () => {
    let database: Database;
    let db: Db;

    beforeAll(async () => {
      database = await open();
      await migrateDatabase(database, { queue: false });
      db = database.db;
    }, 600_000);
    afterAll(() => database?.close());

    /** Draws a picture of subjects, the first of which is the author's own unless told otherwise. */
    const draw = async (settings: { authorId?: string; guildId?: string; of?: Subject[] } = {}) => {
      const own = settings.of ? undefined : await insertReadySubject(db);
      const shown = settings.of ?? [own!.subject];
      const authorId = settings.authorId ?? shown[0]!.ownerId;
      const guildId = settings.guildId ?? makeSnowflake();
      for (const { id, ownerId } of shown.filter((one) => one.ownerId !== authorId)) {
        await shareSubject(db, { subjectId: id, ownerId }, [{ kind: 'everyone' }]);
      }
      const { rendition } = await insertFinishedRendition(db, {
        userId: authorId,
        guildId,
        subjectId: shown[0]!.id,
        uses: shown.map(({ id, ownerId, currentArtifactId }) => ({
          subjectId: id,
          artifactId: currentArtifactId,
          grantees: ownerId === authorId ? [] : ['everyone'],
        })),
      });
      return { rendition, authorId, guildId, shown };
    };
    const publish = (
      picture: { rendition: { id: string }; authorId: string; guildId: string },
      more: { pictureIndex?: number; style?: string | null; askInChannelId?: string } = {},
    ) =>
      publishPost(db, {
        renditionId: picture.rendition.id,
        pictureIndex: 0,
        guildId: picture.guildId,
        authorId: picture.authorId,
        style: null,
        askInChannelId: 'asked-here',
        ...more,
      });
    const published = async (
      settings: Parameters<typeof draw>[0] = {},
      style: string | null = null,
    ) => {
      const picture = await draw(settings);
      const result = await publish(picture, { style });
      if (result.outcome !== 'published') throw new Error(result.outcome);
      return { ...picture, post: result.post };
    };
    const pageOf = async (filter: Partial<GalleryFilter> & { guildId: string }) =>
      (await listGalleryPage(db, { order: 'newest', ...filter })).items.map(({ post }) => post.id);
    const setDeliveredMessage = (refId: string, messageId: string) =>
      db
        .update(outboxDeliveries)
        .set({ status: 'delivered', messageId })
        .where(eq(outboxDeliveries.refId, refId));
    const mirror = async (kind: 'gallery-post' | 'publish-request' | 'report', refId: string) =>
      (await findDelivery(db, kind, refId))?.status;

    describe('a picture', () => {
      it('is one post, however often it is published, taken back and published again', async () => {
        const picture = await draw();
        const first = await publish(picture);
        expect(first).toMatchObject({ outcome: 'published', post: { status: 'published' } });
        if (first.outcome !== 'published') throw new Error('not published');
        expect(await mirror('gallery-post', first.post.id)).toBe('pending');
        expect((await publish(picture)).outcome).toBe('already');
        expect(await pageOf(picture)).toEqual([first.post.id]);

        expect(await withdrawPost(db, first.post.id, { userId: 'x' })).toBe('not-allowed');
        const elsewhere = { userId: 'x', moderatorOfGuildId: 'elsewhere' };
        expect(await withdrawPost(db, first.post.id, elsewhere)).toBe('not-allowed');
        const back = await withdrawPost(db, first.post.id, { userId: picture.authorId });
        expect(back).toMatchObject({ status: 'withdrawn' });
        expect(await withdrawPost(db, first.post.id, { userId: picture.authorId })).toBe('missing');
        expect(await pageOf(picture)).toEqual([]);
        expect(await publish(picture)).toMatchObject({
          outcome: 'published',
          post: { id: first.post.id },
        });
        expect((await publish(picture, { pictureIndex: 1 })).outcome).toBe('published');
        expect(await pageOf(picture)).toHaveLength(2);
      });

      it('that moderators took down stays down', async () => {
        const { post, ...picture } = await published();
        const by = { userId: 'moderator', moderatorOfGuildId: picture.guildId };
        expect(await withdrawPost(db, post.id, by)).toMatchObject({ status: 'denied' });
        expect((await publish(picture)).outcome).toBe('denied');
        expect(await pageOf(picture)).toEqual([]);
      });

      it('goes into the channel that was the gallery when it was published', async () => {
        const guildId = makeSnowflake();
        const before = await published({ guildId });
        await changeGuildSettings(db, guildId, { galleryChannelId: 'forum' });
        const after = await published({ guildId });
        expect([before.post.channelId, after.post.channelId]).toEqual([null, 'forum']);
        await setPostMessage(db, after.post.id, { channelId: 'thread', messageId: 'thread' });
        expect((await findPostByMessage(db, 'thread'))?.id).toBe(after.post.id);
        await withdrawLostPost(db, after.post.id);
        expect(await getPost(db, after.post.id)).toMatchObject({
          status: 'withdrawn',
          messageId: null,
        });
      });

      it('of a deleted rendition or subject is in no gallery, and comes into none', async () => {
        const ofRendition = await published();
        expect(
          await isPublishedIn(db, { ...ofRendition, renditionId: ofRendition.rendition.id }),
        ).toBe(true);
        await softDeleteRendition(db, ofRendition.rendition.id);
        expect((await publish(ofRendition)).outcome).toBe('gone');
        const ofSubject = await published();
        const [subject] = ofSubject.shown;
        await softDeleteSubject(db, { subjectId: subject!.id, ownerId: subject!.ownerId });
        expect((await publish(ofSubject)).outcome).toBe('gone');
        for (const { post, guildId, rendition } of [ofRendition, ofSubject]) {
          expect(await pageOf({ guildId })).toEqual([]);
          expect(await isPublishedIn(db, { guildId, renditionId: rendition.id })).toBe(false);
          expect(await mirror('gallery-post', post.id)).toBe('pending');
        }
      });
    });

    describe('a picture with somebody else’s subject', () => {
      const asked = async (owners = 1) => {
        const others = await Promise.all(
          Array.from({ length: owners }, () => insertReadySubject(db)),
        );
        const picture = await draw({
          authorId: makeSnowflake(),
          of: others.map(({ subject }) => subject),
        });
        const result = await publish(picture);
        if (result.outcome !== 'asked') throw new Error(result.outcome);
        return {
          ...picture,
          post: result.post,
          owners: others.map(({ subject }) => subject.ownerId),
        };
      };
      const decide = (postId: string, ownerId: string, isAllowed = true) =>
        answerPublishRequest(db, { postId, ownerId }, isAllowed);

      it('waits for its owner, who is asked where it was to be published', async () => {
        const { post, guildId, authorId, owners } = await asked();
        expect(await pageOf({ guildId })).toEqual([]);
        expect(await findDelivery(db, 'publish-request', post.id)).toMatchObject({
          channelId: 'asked-here',
          status: 'pending',
        });
        expect(await decide(post.id, authorId)).toBe('not-owner');
        expect(await decide(newId(), authorId)).toBe('missing');
        const waiting = await listPublishRequests(db, owners[0]!, 5);
        expect(waiting.map((item) => item.post.id)).toEqual([post.id]);
        expect(await listPublishRequests(db, authorId, 5)).toEqual([]);

        expect(await decide(post.id, owners[0]!)).toBe('published');
        expect(await decide(post.id, owners[0]!)).toBe('over');
        expect(await pageOf({ guildId })).toEqual([post.id]);
        expect(await mirror('gallery-post', post.id)).toBe('pending');
        expect(await listPublishRequests(db, owners[0]!, 5)).toEqual([]);
      });

      it('is not published where its owner refuses, and asked for anew the next time', async () => {
        const { post, owners, ...picture } = await asked();
        expect(await decide(post.id, owners[0]!, false)).toBe('refused');
        expect(await pageOf(picture)).toEqual([]);
        expect((await publish(picture)).outcome).toBe('asked');
        expect(await decide(post.id, owners[0]!)).toBe('published');
        // Each time anew: what was allowed once is asked again after it was taken back, by a new message.
        await withdrawPost(db, post.id, { userId: owners[0]! });
        const before = await findDelivery(db, 'publish-request', post.id);
        await setDeliveredMessage(post.id, 'question');
        expect((await publish(picture, { askInChannelId: 'here-now' })).outcome).toBe('asked');
        const after = await findDelivery(db, 'publish-request', post.id);
        expect(after).toMatchObject({ status: 'pending', messageId: null, channelId: 'here-now' });
        expect(after?.nonce).not.toBe(before?.nonce);
      });

      it('that it was only drawn from waits for that owner too', async () => {
        const { rendition: source, guildId, owners } = await asked();
        const { subject } = await insertReadySubject(db);
        const { rendition } = await insertFinishedRendition(db, {
          userId: subject.ownerId,
          guildId,
          subjectId: subject.id,
          sourceId: source.id,
          sourceIndex: 0,
        });
        const picture = { rendition, guildId, authorId: subject.ownerId };
        const result = await publish(picture);
        if (result.outcome !== 'asked') throw new Error(result.outcome);
        expect(await decide(result.post.id, owners[0]!)).toBe('published');
      });

      it('waits for every owner', async () => {
        const { post, guildId, owners } = await asked(2);
        expect(await decide(post.id, owners[1]!)).toBe('waiting');
        expect(await pageOf({ guildId })).toEqual([]);
        expect(await decide(post.id, owners[0]!)).toBe('published');
      });

      it('is taken back while it waits, and asks nobody any more', async () => {
        const { post, authorId, owners } = await asked();
        expect(await withdrawPost(db, post.id, { userId: authorId })).toMatchObject({
          status: 'withdrawn',
        });
        expect(await decide(post.id, owners[0]!)).toBe('over');
      });

      it('asks nobody any more once the subject is deleted', async () => {
        const { post, shown } = await asked();
        const [{ id: subjectId, ownerId }] = shown as [Subject];
        await softDeleteSubject(db, { subjectId, ownerId });
        expect((await getPost(db, post.id))?.status).toBe('withdrawn');
      });
    });

    describe('votes', () => {
      const cast = (
        post: { id: string; guildId: string },
        userId: string,
        by: 'button' | 'reaction',
        isOn: boolean | 'toggle',
      ) => castVote(db, { postId: post.id, guildId: post.guildId, userId, by, isOn });
      const votes = async (postId: string) => (await getPost(db, postId))?.voteCount;

      it('count once a person, by button and by reaction', async () => {
        const { post } = await published();
        await cast(post, 'a', 'button', 'toggle');
        await cast(post, 'a', 'reaction', true);
        await cast(post, 'a', 'reaction', true);
        expect(await votes(post.id)).toBe(1);
        expect(await cast(post, 'a', 'button', 'toggle')).toMatchObject({
          byButton: false,
          byReaction: true,
          post: { voteCount: 1 },
        });
        await cast(post, 'b', 'reaction', true);
        expect(await votes(post.id)).toBe(2);
        await cast(post, 'a', 'reaction', false);
        await cast(post, 'a', 'reaction', false);
        expect(await votes(post.id)).toBe(1);
      });

      it('are brought in line with the reactions that are there now, and buttons stay', async () => {
        const { post, authorId } = await published();
        await cast(post, 'a', 'reaction', true);
        await cast(post, 'b', 'button', true);
        await cast(post, 'c', 'button', true);
        await cast(post, 'c', 'reaction', true);
        const now = ['b', 'd', authorId];
        expect(await alignReactions(db, post.id, now)).toBe(4);
        // a is gone; b and c have their buttons, b and d their reactions.
        expect(await votes(post.id)).toBe(3);
        expect(await alignReactions(db, post.id, now)).toBe(0);
        await cast(post, 'b', 'button', false);
        expect(await votes(post.id)).toBe(3);
        await withdrawPost(db, post.id, { userId: authorId });
        expect(await alignReactions(db, post.id, [])).toBe(0);
        expect(await votes(post.id)).toBe(3);
        expect(await alignReactions(db, newId(), ['a'])).toBe(0);
      });

      it('are looked for under the newest posts of the last days that have a message', async () => {
        const posts = [];
        for (let i = 0; i < 4; i++) posts.push((await published()).post);
        const [old, lost, first, second] = posts as [GalleryPost, ...GalleryPost[]];
        for (const { id } of [old, first, second].flatMap((post) => post ?? [])) {
          await setPostMessage(db, id, { channelId: '1', messageId: id });
        }
        const past = new Date(Date.now() - 20 * 24 * 3_600_000);
        await db.update(galleryPosts).set({ publishedAt: past }).where(eq(galleryPosts.id, old.id));
        const own = new Set(posts.map(({ id }) => id));
        const shown = async (limit: number) =>
          (await listShownPosts(db, { limit, days: 14 })).flatMap(({ id }) =>
            own.has(id) ? id : [],
          );
        expect(await shown(100)).toEqual([second?.id, first?.id]);
        expect(await shown(1)).toEqual([second?.id]);
        expect(lost?.messageId).toBeNull();
      });

      it('count right when many come at once', async () => {
        const { post } = await published();
        const voters = Array.from({ length: 20 }, (_, index) => `voter-${index}`);
        await Promise.all(
          voters.flatMap((voter) => [
            cast(post, voter, 'reaction', true),
            cast(post, voter, 'button', true),
          ]),
        );
        expect(await votes(post.id)).toBe(20);
      });

      it('of the author, of another server or for what is not published do not count', async () => {
        const { post, authorId } = await published();
        expect(await cast(post, authorId, 'button', 'toggle')).toEqual({ outcome: 'own' });
        expect(await cast({ ...post, guildId: 'x' }, 'a', 'button', true)).toEqual({
          outcome: 'missing',
        });
        await withdrawPost(db, post.id, { userId: authorId });
        expect(await cast(post, 'a', 'button', true)).toEqual({ outcome: 'missing' });
      });

      it('lead to the hall of fame at the server’s threshold, for good', async () => {
        const { post, guildId } = await published();
        await changeGuildSettings(db, guildId, { hallOfFameThreshold: 2 });
        await cast(post, 'a', 'button', true);
        expect(await pageOf({ guildId, order: 'hall' })).toEqual([]);
        await cast(post, 'b', 'button', true);
        expect(await pageOf({ guildId, order: 'hall' })).toEqual([post.id]);
        await cast(post, 'b', 'button', false);
        expect(await pageOf({ guildId, order: 'hall' })).toEqual([post.id]);
      });
    });

    describe('pages', () => {
      it('go from the newest to the oldest and back, each picture once', async () => {
        const guildId = makeSnowflake();
        const ids = [];
        for (let index = 0; index < 5; index += 1) ids.push((await published({ guildId })).post.id);
        await published();
        const [p1, p2, p3, p4, p5] = ids;
        const page = async (cursor?: GalleryCursor) => {
          const filter = { guildId, order: 'newest' } as const;
          const found = await listGalleryPage(db, filter, { cursor, limit: 2 });
          return { ids: found.items.map(({ post }) => post.id), ...found };
        };
        const first = await page();
        expect([first.ids, first.previous]).toEqual([[p5, p4], undefined]);
        const second = await page(first.next);
        expect(second.ids).toEqual([p3, p2]);
        const third = await page(second.next);
        expect([third.ids, third.next]).toEqual([[p1], undefined]);
        const back = await page(third.previous);
        expect(back.ids).toEqual([p3, p2]);
        const start = await page(back.previous);
        expect([start.ids, start.previous]).toEqual([[p5, p4], undefined]);
        expect((await page(start.next)).ids).toEqual([p3, p2]);
      });

      it('are narrowed by author, subject and style, also together', async () => {
        const guildId = makeSnowflake();
        const mine = await published({ guildId }, 'comic');
        const { subject: mascot } = await insertReadySubject(db, { userId: mine.authorId });
        const both = await published({ guildId, of: [mascot, mine.shown[0]!] }, 'photo');
        const other = await published({ guildId }, 'comic');
        const of = (filter: Partial<GalleryFilter>) => pageOf({ guildId, ...filter });
        expect(await of({ authorId: mine.authorId })).toEqual([both.post.id, mine.post.id]);
        expect(await of({ subjectId: mine.shown[0]!.id })).toEqual([both.post.id, mine.post.id]);
        expect(await of({ subjectId: mascot.id })).toEqual([both.post.id]);
        expect(await of({ style: 'comic' })).toEqual([other.post.id, mine.post.id]);
        expect(await of({ style: 'comic', authorId: mine.authorId })).toEqual([mine.post.id]);
        const everything = { style: 'photo', authorId: mine.authorId, subjectId: mascot.id };
        for (const order of ['newest', 'week', 'month', 'all'] as const) {
          expect(await of({ ...everything, order })).toEqual([both.post.id]);
        }
        expect(await pageOf({ guildId: 'elsewhere', ...everything })).toEqual([]);
      });

      it('of one’s own have what is not published as well', async () => {
        const { post, authorId, guildId } = await published();
        await withdrawPost(db, post.id, { userId: authorId });
        expect(await pageOf({ guildId, authorId })).toEqual([]);
        expect(await pageOf({ guildId, authorId, withUnpublished: true })).toEqual([post.id]);
      });

      it('of the top go by votes within their time, with ties by age', async () => {
        const guildId = makeSnowflake();
        const today = (await published({ guildId })).post.publishedDay ?? 0;
        const ages = [0, 6, 7, 29, 30, 400];
        const ids: string[] = [];
        for (const [index, age] of ages.entries()) {
          const { post } = await published({ guildId });
          await db
            .update(galleryPosts)
            .set({ voteCount: 10 + index, publishedDay: today - age })
            .where(eq(galleryPosts.id, post.id));
          ids.push(post.id);
        }
        const [day0, day6, day7, day29, day30, day400] = ids;
        const top = async (order: GalleryFilter['order'], limit = 10) => {
          const seen: string[] = [];
          let cursor: GalleryCursor | undefined;
          do {
            const page = await listGalleryPage(db, { guildId, order }, { cursor, limit });
            seen.push(...page.items.map(({ post }) => post.id));
            cursor = page.next;
          } while (cursor);
          return seen;
        };
        expect((await top('week')).slice(0, 2)).toEqual([day6, day0]);
        expect(await top('week')).toHaveLength(3);
        expect((await top('month')).slice(0, 4)).toEqual([day29, day7, day6, day0]);
        expect((await top('all')).slice(0, 3)).toEqual([day400, day30, day29]);
        for (const order of ['week', 'month', 'all'] as const) {
          expect(await top(order, 1)).toEqual(await top(order));
        }
        await db
          .update(galleryPosts)
          .set({ voteCount: 5 })
          .where(eq(galleryPosts.guildId, guildId));
        expect((await top('all', 2))[0]).toBe(day400);
      });
    });

    describe('a report', () => {
      const report = (guildId: string, target: Parameters<typeof createReport>[1]['target']) =>
        createReport(db, { guildId, reporterId: 'r', moderatorChannelId: 'm', target });

      it('is one, however many report the same, and is decided once', async () => {
        const { post, guildId } = await published();
        const first = await report(guildId, { postId: post.id });
        expect(first).toMatchObject({ isNew: true, report: { status: 'open' } });
        expect(await report(guildId, { postId: post.id })).toEqual({ ...first, isNew: false });
        expect(await findDelivery(db, 'report', first.report.id)).toMatchObject({ channelId: 'm' });
        const where = { reportId: first.report.id, guildId, moderatorId: 'mod' };
        expect(await decideReport(db, { ...where, guildId: 'x' }, 'denied')).toBe('missing');
        expect(await decideReport(db, where, 'approved')).toMatchObject({ decidedBy: 'mod' });
        expect(await decideReport(db, where, 'denied')).toBe('over');
        expect((await getPost(db, post.id))?.status).toBe('published');
        expect((await report(guildId, { postId: post.id })).report.status).toBe('approved');
      });

      it('whose card never came is told once more, where reports go now', async () => {
        const { post, guildId } = await published();
        const { report: first } = await report(guildId, { postId: post.id });
        const failed = { status: 'failed' } as const;
        await db.update(outboxDeliveries).set(failed).where(eq(outboxDeliveries.refId, first.id));
        const by = { guildId, reporterId: 'q', moderatorChannelId: 'm2' };
        await createReport(db, { ...by, target: { postId: post.id } });
        expect(await findDelivery(db, 'report', first.id)).toMatchObject({
          status: 'pending',
          channelId: 'm2',
        });
      });

      it('follows when what it shows is taken back or deleted', async () => {
        const taken = await published();
        const ofPost = await report(taken.guildId, { postId: taken.post.id });
        const drawn = await published();
        const message = { channelId: 'c', messageId: 'm2', renditionId: drawn.rendition.id };
        const ofMessage = await report(drawn.guildId, message);
        for (const { report: open } of [ofPost, ofMessage]) await setDeliveredMessage(open.id, 'c');
        await withdrawPost(db, taken.post.id, { userId: taken.authorId });
        const { id: subjectId, ownerId } = drawn.shown[0]!;
        await softDeleteSubject(db, { subjectId, ownerId });
        expect(await mirror('report', ofPost.report.id)).toBe('pending');
        expect(await mirror('report', ofMessage.report.id)).toBe('pending');
      });

      it('that is denied takes everything down that shows it, for good', async () => {
        const { rendition, guildId, post, authorId } = await published();
        const target = { channelId: 'c', messageId: 'm1', renditionId: rendition.id };
        const { report: taken } = await report(guildId, target);
        const where = { reportId: taken.id, guildId, moderatorId: 'mod' };
        await decideReport(db, where, 'denied');
        expect((await getPost(db, post.id))?.status).toBe('denied');
        expect((await publish({ rendition, guildId, authorId }, { pictureIndex: 1 })).outcome).toBe(
          'denied',
        );
        expect((await getReport(db, taken.id))?.status).toBe('denied');
      });
    });

    describe('a message that follows its row', () => {
      const follow = async (delayMs = 0) => {
        const refId = newId();
        await requestMirrors(
          db,
          [{ kind: 'gallery-post', refId, channelId: '1', userId: '2' }],
          delayMs,
        );
        return refId;
      };
      const again = (refId: string, delayMs = 0) =>
        requestMirrors(db, [{ kind: 'gallery-post', refId, channelId: '1', userId: '2' }], delayMs);
      const claim = async (refId: string) => {
        for (;;) {
          const claims = await claimDeliveries(db, { limit: 100 });
          const mine = claims.find((one) => one.refId === refId);
          if (mine || claims.length === 0) return mine;
        }
      };

      it('is sent once more after each change, and keeps its nonce and message', async () => {
        const refId = await follow();
        const first = await claim(refId);
        expect(await markDelivered(db, first!, 'message')).toBe(true);
        expect(await claim(refId)).toBeUndefined();
        await again(refId);
        const second = await claim(refId);
        expect(second).toMatchObject({ nonce: first!.nonce, messageId: 'message', attempts: 2 });
      });

      it('is sent again where the row changed while it was being sent', async () => {
        const refId = await follow();
        const stale = await claim(refId);
        await again(refId);
        expect(await markDelivered(db, stale!, 'message')).toBe(false);
        expect(await claim(refId)).toMatchObject({ attempts: 2 });
      });

      it('gathers changes, and starts its patience anew with each', async () => {
        const refId = await follow(60_000);
        expect(await claim(refId)).toBeUndefined();
        await again(refId);
        const first = await claim(refId);
        await rescheduleDelivery(db, first!, { errorCode: 'http-500', delayMs: 0 });
        const second = await claim(refId);
        expect(second).toMatchObject({ failures: 1 });
        expect(await rescheduleDelivery(db, second!, { errorCode: 'x', maxAttempts: 2 })).toBe(
          'failed',
        );
        await again(refId);
        expect(await claim(refId)).toMatchObject({ failures: 0 });
      });
    });
  });
}
