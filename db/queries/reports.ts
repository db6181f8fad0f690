/** @file Queries: reports to a server's moderators, each judged once. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { galleryPosts } from '../schema/gallery-posts.ts';
import { type Report, reports } from '../schema/reports.ts';
import { onlyRow } from './errors.ts';
import { ensureGuild } from './guilds.ts';
import { listFailedDeliveries, requestMirrors, startMirror } from './outbox-deliveries.ts';
import { denyPost } from './publishing.ts';

/** What is reported: a published picture, or another message of the bot. */
export type ReportTarget =
  | { readonly postId: string }
  | {
      readonly channelId: string;
      readonly messageId: string;
      readonly renditionId: string | null;
    };

/**
 * Records a report; the moderators' message follows by the outbox.
 *
 * @returns the report that stands, which may be an earlier one, judged already
 */
export async function createReport(
  db: Db,
  report: { guildId: string; reporterId: string; moderatorChannelId: string; target: ReportTarget },
): Promise<{ report: Report; isNew: boolean }> {
  const { guildId, reporterId, moderatorChannelId, target } = report;
  return db.transaction(async (tx) => {
    await ensureGuild(tx, guildId);
    const tell = ({ id }: Report) =>
      startMirror(tx, {
        kind: 'report',
        refId: id,
        channelId: moderatorChannelId,
        userId: reporterId,
      });
    const [created] = await tx
      .insert(reports)
      .values({ guildId, reporterId, ...target })
      .onConflictDoNothing()
      .returning();
    if (!created) {
      const same =
        'postId' in target
          ? eq(reports.postId, target.postId)
          : eq(reports.messageId, target.messageId);
      const earlier = onlyRow(await tx.select().from(reports).where(same));
      const [lost] = await listFailedDeliveries(tx, 'report', [earlier.id]);
      // Its card never came, for example because the channel was gone: now there may be another one.
      if (lost !== undefined && earlier.status === 'open') await tell(earlier);
      return { report: earlier, isNew: false };
    }
    await tell(created);
    return { report: created, isNew: true };
  });
}

/** @returns the report */
export async function getReport(db: Db, reportId: string): Promise<Report | undefined> {
  const [report] = await db.select().from(reports).where(eq(reports.id, reportId));
  return report;
}

/**
 * A moderator decides. Denying takes down everything that was published of it, and by the outbox the message itself.
 *
 * @returns `missing` where the guild has no such report; `over` where it was decided already
 */
export async function decideReport(
  db: Db,
  where: { reportId: string; guildId: string; moderatorId: string },
  status: 'approved' | 'denied',
): Promise<Report | 'missing' | 'over'> {
  return db.transaction(async (tx) => {
    const [report] = await tx
      .select()
      .from(reports)
      .where(and(eq(reports.id, where.reportId), eq(reports.guildId, where.guildId)))
      .for('update');
    if (!report) return 'missing';
    if (report.status !== 'open') return 'over';
    const decided = onlyRow(
      await tx
        .update(reports)
        .set({ status, decidedBy: where.moderatorId, decidedAt: sql`now()` })
        .where(eq(reports.id, report.id))
        .returning(),
    );
    if (status === 'denied') await takeDown(tx, decided);
    const mirror = { refId: report.id, channelId: '', userId: report.reporterId };
    await requestMirrors(tx, [{ kind: 'report', ...mirror }]);
    return decided;
  });
}

async function takeDown(tx: Db, { postId, renditionId }: Report): Promise<void> {
  if (postId !== null) await denyPost(tx, postId);
  if (renditionId === null) return;
  const published = await tx
    .select({ id: galleryPosts.id })
    .from(galleryPosts)
    .where(eq(galleryPosts.renditionId, renditionId))
    .orderBy(galleryPosts.id);
  for (const { id } of published) await denyPost(tx, id);
}
