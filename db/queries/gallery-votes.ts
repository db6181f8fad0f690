/** @file Queries: votes for published pictures, counted once a person, and the hall of fame that they lead to. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type GalleryPost, galleryPosts } from '../schema/gallery-posts.ts';
import { galleryVotes } from '../schema/gallery-votes.ts';
import { onlyRow } from './errors.ts';
import { getGuildSettings } from './guilds.ts';
import { requestMirrors } from './outbox-deliveries.ts';

/** How somebody votes. */
export interface Vote {
  readonly postId: string;
  readonly guildId: string;
  readonly userId: string;
  readonly by: 'button' | 'reaction';
  /** `toggle`: the other way round than now. */
  readonly isOn: boolean | 'toggle';
}

/** The vote counts, once, as long as either is so. */
export interface Ways {
  readonly byButton: boolean;
  readonly byReaction: boolean;
}

/** What came of a vote. */
export type VoteResult =
  | ({ readonly outcome: 'counted'; readonly post: GalleryPost } & Ways)
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'own' };

/** Votes in quick succession change the message once. */
const GATHER_MS = 2_000;

/** Casts a vote or takes it back. A person's button and reaction are one vote, which stands as long as either does. */
export async function castVote(db: Db, vote: Vote): Promise<VoteResult> {
  const { postId, userId, guildId } = vote;
  return db.transaction(async (tx): Promise<VoteResult> => {
    const [post] = await tx
      .select()
      .from(galleryPosts)
      .where(
        and(
          eq(galleryPosts.id, postId),
          eq(galleryPosts.guildId, guildId),
          eq(galleryPosts.status, 'published'),
        ),
      )
      .for('update');
    if (!post) return { outcome: 'missing' };
    if (post.authorId === userId) return { outcome: 'own' };
    const mine = and(eq(galleryVotes.postId, postId), eq(galleryVotes.userId, userId));
    const [before] = await tx.select().from(galleryVotes).where(mine);
    const after = change(before, vote);
    const isVoting = after.byButton || after.byReaction;
    if (!isVoting) await tx.delete(galleryVotes).where(mine);
    else {
      await tx
        .insert(galleryVotes)
        .values({ postId, userId, ...after })
        .onConflictDoUpdate({ target: [galleryVotes.postId, galleryVotes.userId], set: after });
    }
    const difference = Number(isVoting) - Number(before !== undefined);
    const counted = difference === 0 ? post : await recount(tx, post, difference);
    return { outcome: 'counted', post: counted, ...after };
  });
}

/**
 * Brings the votes by reaction in line with those who react now, as Discord lists them.
 *
 * @returns how many votes changed
 */
export async function alignReactions(
  db: Db,
  postId: string,
  userIds: readonly string[],
): Promise<number> {
  const [post] = await db.select().from(galleryPosts).where(eq(galleryPosts.id, postId));
  if (!post) return 0;
  const counted = await db
    .select({ userId: galleryVotes.userId })
    .from(galleryVotes)
    .where(and(eq(galleryVotes.postId, postId), eq(galleryVotes.byReaction, true)));
  const before = new Set(counted.map(({ userId }) => userId));
  const now = new Set(userIds.filter((userId) => userId !== post.authorId));
  const all = new Set([...before, ...now]);
  const differing = [...all].filter((userId) => now.has(userId) !== before.has(userId));
  let changed = 0;
  for (const userId of differing) {
    const vote = { postId, guildId: post.guildId, userId, by: 'reaction' } as const;
    const { outcome } = await castVote(db, { ...vote, isOn: now.has(userId) });
    changed += Number(outcome === 'counted');
  }
  return changed;
}

function change(before: Ways | undefined, { by, isOn }: Vote): Ways {
  const { byButton = false, byReaction = false } = before ?? {};
  if (by === 'reaction') return { byButton, byReaction: isOn === 'toggle' ? !byReaction : isOn };
  return { byButton: isOn === 'toggle' ? !byButton : isOn, byReaction };
}

async function recount(tx: Db, post: GalleryPost, difference: number): Promise<GalleryPost> {
  const { hallOfFameThreshold } = await getGuildSettings(tx, post.guildId);
  const voteCount = post.voteCount + difference;
  const isFamous = post.hallOfFameAt === null && voteCount >= hallOfFameThreshold;
  const counted = onlyRow(
    await tx
      .update(galleryPosts)
      .set({ voteCount, ...(isFamous ? { hallOfFameAt: sql`now()` } : {}) })
      .where(eq(galleryPosts.id, post.id))
      .returning(),
  );
  const { id, channelId, authorId } = counted;
  const mirror = { refId: id, channelId: channelId ?? '', userId: authorId };
  await requestMirrors(tx, [{ kind: 'gallery-post', ...mirror }], GATHER_MS);
  return counted;
}
