/** @file Finds the judge that knows a base's pictures. */
import { drawsWorld } from './candidate-prompts.ts';
import { EvaluationError } from './evaluation-error.ts';
import type { Judge } from './judge.ts';
import { openPaperJudge, paperFilesIn } from './paper-judge.ts';
import { openPocketJudge } from './pocket-judge.ts';
import type { EvaluateCandidatesRequest } from './requests.ts';

/**
 * Opens pocket's judges for a base that draws pocket's world, else the paper's.
 *
 * @param classNouns the base's closed list
 * @throws {Error} when their folder is not named, lacks a file, or holds judges below their floor
 */
export async function openJudge(
  { pocketDir, paperDir }: EvaluateCandidatesRequest['judges'],
  classNouns: readonly string[] | undefined,
): Promise<Judge> {
  if (drawsWorld(classNouns)) return openPocketJudge(pocketDir);
  if (paperDir === undefined) {
    throw new EvaluationError(
      'PAPER_JUDGES_DIR is not set, and pocket’s judges know its world only',
    );
  }
  return openPaperJudge(paperFilesIn(paperDir, false));
}
