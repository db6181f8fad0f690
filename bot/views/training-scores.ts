/** @file What a training's scores say, in plain words. */
import type { CandidateScores, TrainEvaluation } from '#db/jobs/train-subject.ts';
import { say } from '../words/say.ts';
import { withArticle } from './text.ts';

const two = (value: number): string => value.toFixed(2);

/** Shares of the likeness that two photos of the subject have, from the best word down. */
const likenessWords = [
  [0.9, () => say('as like as your own photos')],
  [0.75, () => say('very like')],
  [0.5, () => say('somewhat like')],
] as const;

/** @returns how like the photos the pictures are */
function likenessLine(
  { identity }: CandidateScores,
  { photoLikeness, classLikeness }: Pick<TrainEvaluation, 'photoLikeness' | 'classLikeness'>,
): string {
  // Any dog is a little like this one: what counts is how far the pictures came from there.
  const best = photoLikeness ?? 1;
  const share = best > classLikeness ? (identity - classLikeness) / (best - classLikeness) : 0;
  const word = likenessWords.find(([least]) => share >= least)?.[1]() ?? say('hardly like');
  const beside = photoLikeness === null ? '' : say`, two photos ${two(photoLikeness)}`;
  return say`Likeness: ${word} (${two(identity)}${beside})`;
}

/** @returns how well prompts are followed */
function promptLine({ prompt }: CandidateScores, judge: TrainEvaluation['judge']): string {
  return judge === 'pocket'
    ? say`Prompts: followed in ${Math.round(prompt * 100)} % of pictures`
    : say`Prompts: match of text and picture ${two(prompt)}`;
}

/** @returns whether the class is still any of its kind */
function driftLine({ drift }: CandidateScores, classNoun: string): string {
  const any = say`“${withArticle(classNoun)}”`;
  const by = `${drift < 0 ? '−' : '+'}${two(Math.abs(drift))}`;
  if (drift <= 0.05) return say`${any} is still any ${classNoun} (${by})`;
  if (drift <= 0.15) return say`${any} looks a little like yours now (${by})`;
  return say`${any} has come to look like yours (${by})`;
}

/** @returns three lines about a candidate */
export function scoreLines(
  scores: CandidateScores,
  evaluation: TrainEvaluation,
  classNoun: string,
): string[] {
  return [
    likenessLine(scores, evaluation),
    promptLine(scores, evaluation.judge),
    driftLine(scores, classNoun),
  ];
}

/** @returns the same in a few characters, to tell candidates apart */
export function scoreSummary(
  { identity, prompt }: CandidateScores,
  judge: TrainEvaluation['judge'],
) {
  const followed = judge === 'pocket' ? `${Math.round(prompt * 100)} %` : two(prompt);
  return say`likeness ${two(identity)}, prompts ${followed}`;
}
