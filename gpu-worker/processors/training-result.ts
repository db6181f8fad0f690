/** @file What a training leaves in storage: the candidates that are kept, their samples, the class before and after. */
import { stat } from 'node:fs/promises';
import type { TrainEvaluation, TrainTimes } from '#db/jobs/train-subject.ts';
import type { NewArtifact, TrainSuccess } from '#db/queries/training-attempts.ts';
import type {
  TrainingMethod,
  TrainSubjectRequest,
  TrainSubjectResult,
} from '../dreambooth/requests.ts';
import type { EvaluateCandidatesResult } from '../evaluation/requests.ts';
import type { StoredFiles } from './stored-files.ts';

/** Whole weights are large: of them the best and the last are kept. */
export const CANDIDATES: Readonly<Record<TrainingMethod, number>> = { lora: 4, full: 2 };

/** What the engine made of a training. */
export interface FinishedTraining {
  readonly request: TrainSubjectRequest;
  readonly baseHash: string;
  /** Of the weights that it went on from. */
  readonly stepsBefore: number;
  readonly trained: TrainSubjectResult;
  readonly evaluated: EvaluateCandidatesResult;
  readonly times: TrainTimes | null;
  /** How many pictures of the plain class are shown. */
  readonly classSamples: number;
}

/** Puts everything that the message about a training, and later ones, need into storage. */
export async function storeTraining(
  stored: StoredFiles,
  finished: FinishedTraining,
): Promise<TrainSuccess> {
  const { request, baseHash, stepsBefore, trained, evaluated, classSamples } = finished;
  const { method } = request.settings;
  const indices = keptCandidates(method, trained.candidates.length, evaluated.best);
  const artifacts: NewArtifact[] = [];
  for (const index of indices) {
    const { step, file } = trained.candidates[index]!;
    const { sampleFiles, scores } = evaluated.candidates[index]!;
    artifacts.push({
      method,
      baseCheckpointHash: baseHash,
      identifier: request.identifier,
      storageFileId: await stored.add(file),
      sizeBytes: (await stat(file)).size,
      step: stepsBefore + step,
      scores: scores ?? null,
      sampleFileIds: await stored.addAll(sampleFiles),
    });
  }
  const best = indices.indexOf(evaluated.best);
  const shown = (files: readonly string[]) => stored.addAll(files.slice(0, classSamples));
  return {
    artifacts,
    best,
    evaluation: describeEvaluation(finished),
    times: finished.times,
    result: {
      steps: stepsBefore + trained.steps,
      finalLoss: Number.isFinite(trained.finalLoss) ? trained.finalLoss : null,
      sampleFileIds: artifacts[best]!.sampleFileIds,
      classBeforeFileIds: await shown(evaluated.classBeforeFiles),
      classAfterFileIds: await shown(evaluated.classAfterFiles),
    },
  };
}

/** @returns indices, in order */
function keptCandidates(method: TrainingMethod, count: number, best: number): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  return method === 'lora' ? all : all.filter((i) => i === best || i === count - 1);
}

function describeEvaluation({
  stepsBefore,
  trained: { candidates },
  evaluated: { judged, best, candidates: scored },
}: FinishedTraining): TrainEvaluation | null {
  if (!judged) return null;
  const stepOf = (index: number) => stepsBefore + candidates[index]!.step;
  return {
    judge: judged.judge,
    photoLikeness: judged.photoLikeness ?? null,
    classLikeness: judged.classLikeness,
    candidates: scored.flatMap(({ scores }, i) => (scores ? [{ step: stepOf(i), ...scores }] : [])),
    bestStep: stepOf(best),
  };
}
