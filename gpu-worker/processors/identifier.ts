/** @file A subject's identifier on this base: chosen once, so that a later attempt trains the same words. */
import { listTakenIdentifiers } from '#db/queries/subjects.ts';
import { assignIdentifier } from '#db/queries/training-attempts.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { chooseIdentifier } from '../dreambooth/base-checkpoint.ts';
import { AttemptOverError } from './attempt.ts';
import type { ProcessorContext } from './context.ts';
import { JobFailure } from './failures.ts';

/**
 * @throws {JobFailure} `NO_IDENTIFIER_LEFT`
 * @throws {AttemptOverError} when the attempt has become stale
 */
export async function ensureIdentifier(
  { database: { db }, base, config }: ProcessorContext,
  { run, subject, number }: { run: TrainingRun; subject: Subject; number: number },
): Promise<string> {
  if (subject.identifier !== null && subject.baseCheckpointHash === base.hash) {
    return subject.identifier;
  }
  const where = { ownerId: subject.ownerId, baseCheckpointHash: base.hash };
  const others = await listTakenIdentifiers(db, { ...where, exceptSubjectId: subject.id });
  const taken = new Set(others);
  for (;;) {
    const identifier = pickFree(config.baseCheckpointDir, taken, run.settings.seed);
    const choice = { identifier, baseCheckpointHash: base.hash };
    const outcome = await assignIdentifier(db, run.id, number, choice);
    if (outcome === 'assigned') return identifier;
    if (outcome === 'stale') throw new AttemptOverError('stale');
    taken.add(identifier);
  }
}

function pickFree(dir: string, taken: ReadonlySet<string>, seed: number): string {
  try {
    return chooseIdentifier(dir, taken, seed);
  } catch (error) {
    if ((error as Error).name !== 'IdentifierError') throw error;
    throw new JobFailure('NO_IDENTIFIER_LEFT');
  }
}
