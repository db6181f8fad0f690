/** @file Deleting a subject: gone from every list at once, then its files, then the rows that named them. */
import {
  listUnpurgedSubjects,
  purgeSubject,
  softDeleteSubject,
} from '#db/queries/subject-deletion.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { BotContext } from '../context.ts';

/** @returns the deleted subject, or undefined where the user has no such subject */
export async function deleteSubject(
  bot: BotContext,
  where: { subjectId: string; ownerId: string },
): Promise<Subject | undefined> {
  const deleted = await softDeleteSubject(bot.db, where);
  if (!deleted) return undefined;
  bot.logger.info(
    { subjectId: deleted.subject.id, files: deleted.fileIds.length },
    'subject deleted',
  );
  bot.deliver();
  await purgeFiles(bot, deleted.subject.id, deleted.fileIds);
  return deleted.subject;
}

/** Finishes deletions that a crash interrupted. */
export async function finishDeletions(bot: Pick<BotContext, 'db' | 'store'>): Promise<void> {
  for (const { subjectId, fileIds } of await listUnpurgedSubjects(bot.db)) {
    await purgeFiles(bot, subjectId, fileIds);
  }
}

async function purgeFiles(
  bot: Pick<BotContext, 'db' | 'store'>,
  subjectId: string,
  fileIds: readonly string[],
): Promise<void> {
  for (const fileId of fileIds) await bot.store.delete(fileId);
  await purgeSubject(bot.db, subjectId);
}
