/** @file What a subject's training left, on its way to its owner. */
import { getArtifact } from '#db/queries/artifacts.ts';
import type { Artifact } from '#db/schema/artifacts.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { KeyError } from '#storage/keys.ts';
import { FileError } from '#storage/store.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { findDataKey } from './data-keys.ts';

/**
 * Reads the weights that prompts use now, decrypted.
 *
 * @param limitBytes largest file that Discord takes here
 * @throws {UserError} where there are none yet, they are too large, or they cannot be read any more
 */
export async function readArtifact(
  bot: Pick<BotContext, 'db' | 'store' | 'logger'>,
  subject: Subject,
  limitBytes: number,
): Promise<{ artifact: Artifact; bytes: Buffer }> {
  const { name, ownerId, currentArtifactId } = subject;
  if (currentArtifactId === null) {
    throw subject.status === 'training'
      ? new UserError('STILL_TRAINING', refusals.stillTraining(name))
      : new UserError('NEVER_TRAINED', refusals.neverTrained(name));
  }
  const artifact = await getArtifact(bot.db, currentArtifactId);
  const key = await findDataKey(bot.db, ownerId);
  if (!artifact || key === undefined)
    throw new UserError('WEIGHTS_GONE', refusals.weightsGone(name));
  const refuseAbove = (sizeBytes: number) => {
    if (sizeBytes <= limitBytes) return;
    throw new UserError('WEIGHTS_TOO_LARGE', refusals.weightsTooLarge(name, sizeBytes, limitBytes));
  };
  refuseAbove(artifact.sizeBytes);
  try {
    const bytes = await bot.store.get(artifact.storageFileId, key);
    refuseAbove(bytes.length);
    return { artifact, bytes };
  } catch (error) {
    if (!(error instanceof FileError || error instanceof KeyError)) throw error;
    bot.logger.error({ err: error, artifactId: artifact.id }, 'weights unreadable');
    throw new UserError('WEIGHTS_GONE', refusals.weightsGone(name), { cause: error });
  }
}
