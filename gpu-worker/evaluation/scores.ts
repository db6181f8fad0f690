/** @file The figures of one subject with one variant, from what the judge saw. */
import { isTheSubject, likeness, type Strangers, threshold } from './gallery.ts';
import { cosine, pairsOf, type Seen } from './judge.ts';
import type { EvaluationPrompt } from './prompts.ts';
import { meanOf } from './statistics.ts';

/** What one variant drew of one subject. */
export interface Observations {
  /** Photos of the subject. */
  readonly photos: readonly Seen[];
  readonly prompts: readonly EvaluationPrompt[];
  /** Pictures of each prompt. */
  readonly pictures: readonly (readonly Seen[])[];
  /** The prompts' texts without the identifier, and as they were given. */
  readonly texts: {
    readonly plain: readonly Float32Array[];
    readonly given: readonly Float32Array[];
  };
  /** Pictures of `a [class]`. */
  readonly classPictures: readonly Seen[];
  /** Perceptual distances of each prompt's pictures; absent where the judge has none. */
  readonly distances?: readonly (readonly number[])[];
  readonly classDistances?: readonly number[];
  /** Absent for a subject of which no strangers can be drawn. */
  readonly strangers?: Strangers;
}

/** Missing is what the judge, or the subject, has no measure for. */
export interface SubjectScores {
  /** Mean cosine of generated and real pictures, in DINO's part and in CLIP's. */
  readonly dino: number;
  readonly clipI: number;
  /** Mean cosine of prompt and picture, the identifier left out of the prompt. */
  readonly clipT: number;
  readonly clipTWithIdentifier: number;
  /** Mean cosine of two real pictures: what copies reach. */
  readonly ceiling?: number;
  /** Mean cosine of pictures of the plain class and real ones; lower is better. */
  readonly pres: number;
  /** Mean perceptual distance of two pictures of a prompt; higher is better. */
  readonly div?: number;
  /** The same among the pictures of the plain class. */
  readonly classDiv?: number;
  /** Share of pictures that are nearer to the subject than to 49 others of its class. */
  readonly identity?: number;
  /** Share of pictures that show the place, style or accessory that was asked for. */
  readonly prompt?: number;
  /** The same by attribute, views and properties included. */
  readonly asked: Readonly<Record<string, number>>;
  /** Share of pictures of the plain class that are taken for the subject. */
  readonly taken?: number;
}

/** What the claim about prompts is measured on. */
const PROMPT_ATTRIBUTES = ['context', 'style', 'accessory'];

export function scoreSubject(observed: Observations): SubjectScores {
  const { photos, prompts, pictures, texts, classPictures, strangers } = observed;
  const all = pictures.flat();
  const hits = hitsByAttribute(prompts, pictures);
  const asked = Object.fromEntries([...hits].map(([name, list]) => [name, meanOf(list)]));
  const promptHits = PROMPT_ATTRIBUTES.flatMap((name) => hits.get(name) ?? []);
  const identityHits = strangers
    ? pictures.flatMap((row, i) =>
        prompts[i]!.keepsLook
          ? row.map((picture) => Number(isTheSubject(picture, photos, strangers)))
          : [],
      )
    : [];
  const textCosine = (vectors: readonly Float32Array[]) =>
    meanOf(pictures.flatMap((row, i) => row.map(({ image }) => cosine(image, vectors[i]!))));
  const limit = strangers && threshold(photos, strangers);
  return {
    dino: meanOf(all.map((picture) => likeness(picture, photos))),
    clipI: meanOf(all.flatMap(({ image }) => photos.map((photo) => cosine(image, photo.image)))),
    clipT: textCosine(texts.plain),
    clipTWithIdentifier: textCosine(texts.given),
    ...ifAny(
      'ceiling',
      pairsOf(photos).map(([a, b]) => cosine(a.identity, b.identity)),
    ),
    pres: meanOf(classPictures.map((picture) => likeness(picture, photos))),
    ...ifAny('div', observed.distances?.flat() ?? []),
    ...ifAny('classDiv', observed.classDistances ?? []),
    ...ifAny('identity', identityHits),
    ...ifAny('prompt', promptHits),
    asked,
    ...(limit !== undefined && {
      taken: meanOf(classPictures.map((picture) => Number(likeness(picture, photos) > limit))),
    }),
  };
}

/** The mean under a name, where there is anything to average. */
const ifAny = <Name extends string>(name: Name, values: readonly number[]) =>
  (values.length === 0 ? {} : { [name]: meanOf(values) }) as { [key in Name]?: number };

/** 1 for each picture that shows what was asked, 0 for each that does not. */
function hitsByAttribute(
  prompts: readonly EvaluationPrompt[],
  pictures: readonly (readonly Seen[])[],
): Map<string, number[]> {
  const hits = new Map<string, number[]>();
  for (const [i, { asks }] of prompts.entries()) {
    for (const { reading } of pictures[i] ?? []) {
      if (!asks || !reading) continue;
      const list = hits.get(asks.attribute) ?? [];
      list.push(Number(reading[asks.attribute] === asks.value));
      hits.set(asks.attribute, list);
    }
  }
  return hits;
}
