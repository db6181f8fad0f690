/** @file The protocol: every variant on every subject, and what comes out over all of them. */
import type { EvaluatedBase } from './base.ts';
import { meetStrangers, type Strangers } from './gallery.ts';
import { readPictures } from './pictures.ts';
import { datasetPrompts, isWorldClass, worldPrompts } from './prompts.ts';
import { runVariant, type Setting, type Sitting, type VariantResult } from './run-variant.ts';
import type { SubjectScores } from './scores.ts';
import { type Estimate, estimate, type SignedRankTest, signedRankTest } from './statistics.ts';
import type { EvaluationSubject } from './subjects.ts';
import type { Variant } from './variants.ts';

/** Figures that every subject has one of, in the order of the report. */
export const MEASURES = [
  'dino',
  'clipI',
  'clipT',
  'clipTWithIdentifier',
  'identity',
  'prompt',
  'taken',
  'pres',
  'div',
  'classDiv',
] as const satisfies readonly (keyof SubjectScores)[];
export type Measure = (typeof MEASURES)[number];

/** One variant over all subjects. */
export interface VariantSummary {
  readonly variant: Variant;
  /** Missing is what no subject has. */
  readonly measures: Partial<Record<Measure, Estimate>>;
  /** Share of right pictures by what was asked. */
  readonly asked: Readonly<Record<string, Estimate>>;
  /** Mean cosine of generated and real pictures is above that of two real ones: these are copies. */
  readonly copies: boolean;
}

export interface Evaluation {
  readonly subjects: readonly EvaluationSubject[];
  readonly variants: readonly Variant[];
  /** By variant, then by subject. */
  readonly results: readonly (readonly VariantResult[])[];
  readonly summaries: readonly VariantSummary[];
  /** Mean cosine of two real pictures. */
  readonly ceiling?: Estimate;
}

/** Hears how far the evaluation is, in [0, 1]. */
export type OnEvaluation = (share: number, note: string) => void;

/**
 * Runs every variant, subject by subject; what an earlier run finished in the same folder is taken up.
 * @returns by subject, then by variant
 */
export async function runVariants(
  setting: Setting,
  subjects: readonly EvaluationSubject[],
  variants: readonly Variant[],
  onProgress: OnEvaluation,
): Promise<VariantResult[][]> {
  const results: VariantResult[][] = [];
  const strangersOf = rememberStrangers(setting);
  const runs = subjects.length * variants.length;
  for (const [index, subject] of subjects.entries()) {
    onProgress((index * variants.length) / runs, `${subject.name}: strangers`);
    const strangers = subject.drawn && (await strangersOf(subject.drawn.className));
    const sitting: Sitting = {
      subject,
      prompts: promptsFor(setting.base, subject.classNoun),
      photos: await setting.judge.see(await readPictures(subject.photoFiles)),
      ...(strangers && { strangers }),
    };
    const ofSubject: VariantResult[] = [];
    for (const [v, variant] of variants.entries()) {
      const before = index * variants.length + v;
      const result = await runVariant(setting, sitting, variant, (stage, share) =>
        onProgress((before + share) / runs, `${subject.name}, ${variant.label}: ${stage}`),
      );
      ofSubject.push(result);
    }
    results.push(ofSubject);
  }
  onProgress(1, '');
  return results;
}

/**
 * What comes out over all subjects.
 * @param bySubject what `runVariants` returns
 */
export function gatherEvaluation(
  subjects: readonly EvaluationSubject[],
  variants: readonly Variant[],
  bySubject: readonly (readonly VariantResult[])[],
): Evaluation {
  const results = variants.map((_, v) => bySubject.map((ofSubject) => ofSubject[v]!));
  const scores = results.map((list) => list.map((result) => result.scores));
  const ceilings = (scores[0] ?? []).flatMap(({ ceiling }) => ceiling ?? []);
  return {
    subjects,
    variants,
    results,
    summaries: variants.map((variant, v) => summarize(variant, scores[v]!)),
    ...(ceilings.length > 0 && { ceiling: estimate(ceilings) }),
  };
}

/** A base that draws the world is asked in the world's words, any other with the paper's dataset's. */
export const promptsFor = ({ facts }: EvaluatedBase, classNoun: string) =>
  facts.classNouns && isWorldClass(classNoun) ? worldPrompts(classNoun) : datasetPrompts(classNoun);

function rememberStrangers({ judge }: Setting) {
  const met = new Map<string, Promise<Strangers>>();
  return (className: Parameters<typeof meetStrangers>[1]): Promise<Strangers> => {
    const known = met.get(className) ?? meetStrangers(judge, className);
    met.set(className, known);
    return known;
  };
}

/** @param scores one a subject */
export function summarize(variant: Variant, scores: readonly SubjectScores[]): VariantSummary {
  const measured = MEASURES.flatMap((name) => {
    const values = scores.flatMap((score) => score[name] ?? []);
    return values.length === 0 ? [] : [[name, estimate(values)] as const];
  });
  const attributes = [...new Set(scores.flatMap(({ asked }) => Object.keys(asked)))];
  return {
    variant,
    measures: Object.fromEntries(measured),
    asked: Object.fromEntries(
      attributes.map((name) => [name, estimate(scores.flatMap(({ asked }) => asked[name] ?? []))]),
    ),
    copies: scores.filter(({ dino, ceiling }) => dino > (ceiling ?? 1)).length > scores.length / 2,
  };
}

/**
 * Compares two variants subject by subject.
 * @returns undefined where one of them lacks the measure
 */
export function compareVariants(
  { variants, results }: Pick<Evaluation, 'variants' | 'results'>,
  first: string,
  second: string,
  measure: Measure,
): { difference: Estimate; test: SignedRankTest } | undefined {
  const valuesOf = (id: string) =>
    results[variants.findIndex((variant) => variant.id === id)]?.map(
      ({ scores }) => scores[measure],
    );
  const [a, b] = [valuesOf(first), valuesOf(second)];
  const differences = a?.flatMap((value, i) => {
    const other = b?.[i];
    return value === undefined || other === undefined ? [] : [value - other];
  });
  if (!differences || differences.length === 0) return undefined;
  return { difference: estimate(differences), test: signedRankTest(differences) };
}
