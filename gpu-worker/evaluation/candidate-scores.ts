/** @file A candidate's scores, from what the judge saw of its pictures. */
import { likeness } from './gallery.ts';
import { cosine, pairsOf, type Seen } from './judge.ts';
import type { EvaluationPrompt } from './prompts.ts';
import type { CandidateScores } from './requests.ts';
import { meanOf } from './statistics.ts';

/** What the candidates of a training are compared with. */
export interface Standard {
  readonly photos: readonly Seen[];
  /** The plain class by the frozen base. */
  readonly classBefore: readonly Seen[];
}

/** What one candidate drew. */
export interface CandidatePictures {
  readonly prompts: readonly Pick<EvaluationPrompt, 'asks' | 'keepsLook'>[];
  /** One a prompt. */
  readonly pictures: readonly Seen[];
  /** The prompts' texts without the identifier. */
  readonly texts: readonly Float32Array[];
  /** The plain class, with the seeds of the base's pictures. */
  readonly classAfter: readonly Seen[];
}

const meanLikeness = (pictures: readonly Seen[], photos: readonly Seen[]): number =>
  meanOf(pictures.map((picture) => likeness(picture, photos)));

/** Identity is of pictures that keep the subject's look; a judge without readers compares texts. */
export function scoreCandidate(
  { photos, classBefore }: Standard,
  { prompts, pictures, texts, classAfter }: CandidatePictures,
): CandidateScores {
  const hits = pictures.flatMap(({ reading }, i) => {
    const asks = prompts[i]!.asks;
    return asks && reading ? [Number(reading[asks.attribute] === asks.value)] : [];
  });
  return {
    identity: meanLikeness(
      pictures.filter((_, i) => prompts[i]!.keepsLook),
      photos,
    ),
    prompt: meanOf(
      hits.length > 0 ? hits : pictures.map(({ image }, i) => cosine(image, texts[i]!)),
    ),
    drift: meanLikeness(classAfter, photos) - meanLikeness(classBefore, photos),
  };
}

/** @returns what figures can be held against: how alike two photos are, and the class and the photos */
export function describeStandard({ photos, classBefore }: Standard): {
  photoLikeness?: number;
  classLikeness: number;
} {
  const pairs = pairsOf(photos).map(([a, b]) => cosine(a.identity, b.identity));
  return {
    ...(pairs.length > 0 && { photoLikeness: meanOf(pairs) }),
    classLikeness: meanLikeness(classBefore, photos),
  };
}
