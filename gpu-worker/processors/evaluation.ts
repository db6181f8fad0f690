/** @file The evaluation after a training: the engine draws with its candidates, and a judge chooses. */
import path from 'node:path';
import type { TrainSubjectRequest, TrainSubjectResult } from '../dreambooth/requests.ts';
import { CLASS_PICTURES, type EvaluateCandidatesResult } from '../evaluation/requests.ts';
import type { ClassImageFolder } from './class-images.ts';
import type { ProcessorContext } from './context.ts';
import { runThroughCrashes } from './through-crashes.ts';
import type { TrainingReport } from './training-report.ts';

/**
 * Without a judge the last candidate is the best, and the log says why.
 *
 * @param finished.request what was asked of the training
 */
export async function evaluateTraining(
  context: Pick<ProcessorContext, 'engine' | 'logger' | 'config'>,
  finished: {
    readonly request: TrainSubjectRequest;
    readonly trained: TrainSubjectResult;
    readonly classImages: ClassImageFolder;
  },
  { signal, report }: { readonly signal: AbortSignal; readonly report: TrainingReport },
): Promise<EvaluateCandidatesResult> {
  const { request, trained, classImages } = finished;
  const { withPriorPreservation, numClassImages, seed } = request.settings;
  const evaluated = await runThroughCrashes(
    context,
    {
      kind: 'evaluate-candidates',
      baseCheckpointDir: request.baseCheckpointDir,
      photoFiles: request.photoFiles,
      classNoun: request.classNoun,
      identifier: request.identifier,
      candidates: [...trained.candidates],
      classImageFiles: withPriorPreservation
        ? classImages.files(Math.min(CLASS_PICTURES, numClassImages))
        : [],
      samplePrompts: request.samplePrompts,
      outputDir: path.join(path.dirname(request.artifactFile), 'pictures'),
      judges: context.config.judges,
      seed,
      sampling: request.sampling,
      provider: request.provider,
    },
    { signal, onProgress: report.progress },
  );
  const { judged, notJudged, best } = evaluated;
  const { step } = trained.candidates[best]!;
  const scores = evaluated.candidates[best]?.scores;
  if (judged) context.logger.info({ step, judge: judged.judge, scores }, 'training: scored');
  else context.logger.warn({ step, reason: notJudged }, 'training: not scored');
  return evaluated;
}
