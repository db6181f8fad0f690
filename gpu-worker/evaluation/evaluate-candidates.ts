/** @file After a training: every candidate draws the same few prompts, a judge looks at them, the best is chosen. */
import path from 'node:path';
import { BaseKeeper, type LoadedBase } from '../dreambooth/loaded-base.ts';
import { classPromptOf } from '../dreambooth/prompts.ts';
import { renderBatch } from '../dreambooth/render.ts';
import { FIRST_CLASS_IMAGE_SEED, type LoopContext } from '../dreambooth/requests.ts';
import { type CandidatePrompt, candidatePrompts } from './candidate-prompts.ts';
import { describeStandard, type Standard, scoreCandidate } from './candidate-scores.ts';
import { chooseBest } from './choose-best.ts';
import type { Judge } from './judge.ts';
import { openJudge } from './open-judge.ts';
import { readPictures } from './pictures.ts';
import {
  type CandidateScores,
  CLASS_PICTURES,
  COMPARING_STEPS,
  type EvaluateCandidatesRequest,
  type EvaluateCandidatesResult,
} from './requests.ts';

/** Pictures of one candidate. */
interface Drawn {
  /** One a prompt. */
  readonly files: readonly string[];
  readonly classFiles: readonly string[];
}

/**
 * Draws with each candidate, scores it where there is a judge, and chooses the best; without a judge,
 * the last. A training is never lost over its evaluation: why nobody judged is part of the result.
 *
 * @param keeper whose base and sessions are used, and left open; absent: everything is closed at the end
 * @throws {EngineRequestError} for what a retry cannot help
 * @throws `signal.reason` between two steps once it is aborted
 */
export async function evaluateCandidates(
  request: EvaluateCandidatesRequest,
  context: LoopContext,
  keeper?: BaseKeeper,
): Promise<EvaluateCandidatesResult> {
  if (keeper) {
    const base = await keeper.open(request.baseCheckpointDir, request.provider);
    return evaluateOn(base, request, context);
  }
  const own = new BaseKeeper();
  try {
    return await evaluateCandidates(request, context, own);
  } finally {
    await own.close();
  }
}

async function evaluateOn(
  base: LoadedBase,
  request: EvaluateCandidatesRequest,
  context: LoopContext,
): Promise<EvaluateCandidatesResult> {
  const { classNouns } = base.checkpoint;
  const { candidates, classNoun, identifier, samplePrompts } = request;
  const opened = await openJudge(request.judges, classNouns).catch(reasonOf);
  const judge = typeof opened === 'string' ? undefined : opened;
  try {
    const words = `${identifier} ${classNoun}`;
    const wanted = candidatePrompts({ classNouns, classNoun, words, samples: samplePrompts });
    const prompts = judge ? wanted : wanted.slice(0, samplePrompts.length);
    const { drawn, classBeforeFiles } = await drawAll(base, request, prompts, context);
    const judged = judge
      ? await judgeAll(judge, request, prompts, drawn, classBeforeFiles, context).catch(
          (error: unknown) => {
            context.signal.throwIfAborted();
            return reasonOf(error);
          },
        )
      : (opened as string);
    const best = typeof judged === 'string' ? candidates.length - 1 : chooseBest(judged.scores);
    return {
      candidates: drawn.map(({ files }, i) => ({
        sampleFiles: files.slice(0, samplePrompts.length),
        ...(typeof judged !== 'string' && { scores: judged.scores[i]! }),
      })),
      best,
      ...(typeof judged === 'string' ? { notJudged: judged } : { judged: judged.standard }),
      classBeforeFiles: [...classBeforeFiles],
      classAfterFiles: [...drawn[best]!.classFiles],
    };
  } finally {
    await judge?.close();
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The same prompts and seeds with every candidate, and the plain class with the base where it has to be drawn. */
async function drawAll(
  base: LoadedBase,
  request: EvaluateCandidatesRequest,
  prompts: readonly CandidatePrompt[],
  context: LoopContext,
): Promise<{ drawn: Drawn[]; classBeforeFiles: readonly string[] }> {
  const { candidates, classImageFiles, classNoun, seed, outputDir } = request;
  const ownBefore = classImageFiles.length === 0;
  const classCount = ownBefore ? CLASS_PICTURES : classImageFiles.length;
  const classPrompts = Array<string>(classCount).fill(classPromptOf(classNoun));
  const classSeeds = classPrompts.map((_, i) => FIRST_CLASS_IMAGE_SEED + i);
  const texts = prompts.map(({ text }) => text);
  const seeds = texts.map((_, i) => seed + i);

  const perCandidate = texts.length + classCount;
  const progress = countPictures(
    candidates.length * perCandidate + (ownBefore ? classCount : 0),
    context,
  );
  const draw = (
    dir: string,
    wanted: { prompts: string[]; seeds: number[] },
    artifactFile?: string,
  ) =>
    renderBatch(
      base.checkpoint,
      base.tokenizers,
      {
        provider: request.provider,
        sessions: base.sessions,
        sampling: {
          ...request.sampling,
          numInferenceSteps: Math.min(COMPARING_STEPS, request.sampling.numInferenceSteps),
        },
        outputDir: path.join(outputDir, dir),
        ...wanted,
        ...(artifactFile !== undefined && { artifactFile }),
      },
      progress.during(wanted.prompts.length),
    );

  const plainClass = { prompts: classPrompts, seeds: classSeeds };
  const classBeforeFiles = ownBefore ? await draw('before', plainClass) : classImageFiles;
  const drawn: Drawn[] = [];
  for (const { step, file } of candidates) {
    const all = { prompts: [...texts, ...classPrompts], seeds: [...seeds, ...classSeeds] };
    const files = await draw(`step-${step}`, all, file);
    drawn.push({ files: files.slice(0, texts.length), classFiles: files.slice(texts.length) });
  }
  return { drawn, classBeforeFiles };
}

/** Tells how far the drawing is over all candidates, from what each round of it tells. */
function countPictures(total: number, context: LoopContext) {
  const startedAt = context.now();
  let before = 0;
  const report = (done: number) => {
    const secondsLeft = ((context.now() - startedAt) / 1000 / done) * (total - done);
    context.onProgress({
      stage: 'evaluating',
      step: Math.floor(done),
      totalSteps: total,
      ...(done > 0 && { secondsLeft }),
    });
  };
  report(0);
  return {
    /** @param count pictures of the round that begins now */
    during(count: number): LoopContext {
      const first = before;
      before += count;
      return {
        ...context,
        onProgress: ({ step, totalSteps }) => report(first + (count * step) / totalSteps),
      };
    },
  };
}

async function judgeAll(
  judge: Judge,
  { photoFiles }: EvaluateCandidatesRequest,
  prompts: readonly CandidatePrompt[],
  drawn: readonly Drawn[],
  classBeforeFiles: readonly string[],
  { signal }: LoopContext,
): Promise<{
  scores: CandidateScores[];
  standard: NonNullable<EvaluateCandidatesResult['judged']>;
}> {
  const see = async (files: readonly string[]) => {
    signal.throwIfAborted();
    return judge.see(await readPictures(files));
  };
  const standard: Standard = {
    photos: await see(photoFiles),
    classBefore: await see(classBeforeFiles),
  };
  const texts = await judge.readTexts(prompts.map(({ plainText }) => plainText));
  const scores: CandidateScores[] = [];
  for (const { files, classFiles } of drawn) {
    const [pictures, classAfter] = [await see(files), await see(classFiles)];
    scores.push(scoreCandidate(standard, { prompts, pictures, texts, classAfter }));
  }
  return { scores, standard: { judge: judge.name, ...describeStandard(standard) } };
}
