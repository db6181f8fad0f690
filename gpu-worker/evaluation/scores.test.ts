/** @file Figures worked out by hand: cosines, who is taken for whom, what was asked and seen. */
import { describe, expect, test } from 'vitest';
import { ATTRIBUTE_NAMES, ATTRIBUTES, type Reading } from '../pocket/judges/attributes.ts';
import { scoreBase } from './base-accuracy.ts';
import { judgeClaims } from './claims.ts';
import { isTheSubject, type Strangers, threshold } from './gallery.ts';
import { pairsOf, type Seen } from './judge.ts';
import type { EvaluationPrompt } from './prompts.ts';
import { compareVariants, summarize } from './protocol.ts';
import type { VariantResult } from './run-variant.ts';
import { type SubjectScores, scoreSubject } from './scores.ts';
import { chooseVariants, DREAMBOOTH, wrongNounFor } from './variants.ts';

const PLAIN = Object.fromEntries(
  ATTRIBUTE_NAMES.map((name) => [name, ATTRIBUTES[name].choices[0]]),
) as Reading;

/** A picture at an angle, in degrees, to the first axis. */
const at = (degrees: number, reading: Partial<Reading> = {}): Seen => {
  const angle = (degrees / 180) * Math.PI;
  const vector = Float32Array.of(Math.cos(angle), Math.sin(angle));
  return { identity: vector, image: vector, reading: { ...PLAIN, ...reading } };
};
const cos = (degrees: number) => Math.cos((degrees / 180) * Math.PI);

const prompt = (
  attribute: 'context' | 'accessory' | 'firstColour',
  value: string,
): EvaluationPrompt => ({
  form: 'a #',
  asks: { attribute, value },
  keepsLook: attribute !== 'firstColour',
});

describe('one subject', () => {
  const strangers: Strangers = {
    photos: [[at(60)], [at(90)]],
    // likeness to the photos at 0°: 0.01, 0.02 … 1
    passersBy: Array.from({ length: 100 }, (_, i) =>
      at((Math.acos((i + 1) / 100) / Math.PI) * 180),
    ),
  };
  const scores = scoreSubject({
    photos: [at(0), at(0)],
    prompts: [
      prompt('context', 'beach'),
      prompt('accessory', 'red hat'),
      prompt('firstColour', 'red'),
    ],
    pictures: [
      [at(10, { context: 'beach' }), at(40, { context: 'snow' })],
      [at(0, { accessory: 'red hat' }), at(0, { accessory: 'red hat' })],
      [at(80, { firstColour: 'red' }), at(80, { firstColour: 'blue' })],
    ],
    texts: {
      plain: [Float32Array.of(1, 0), Float32Array.of(1, 0), Float32Array.of(0, 1)],
      given: [Float32Array.of(0, 1), Float32Array.of(0, 1), Float32Array.of(0, 1)],
    },
    classPictures: [at(0), at(70), at(90), at(90)],
    distances: [[0.2], [0.4], [0.6]],
    classDistances: [0.1, 0.3],
    strangers,
  });

  test('likeness is the mean cosine of all pairs', () => {
    const mean = (cos(10) + cos(40) + 2 + 2 * cos(80)) / 6;
    expect(scores.dino).toBeCloseTo(mean, 6);
    expect(scores.clipI).toBeCloseTo(mean, 6);
    expect(scores.ceiling).toBeCloseTo(1, 6);
    expect(scores.pres).toBeCloseTo((1 + cos(70)) / 4, 6);
  });

  test('texts are compared with the pictures of their prompt', () => {
    const sin = (degrees: number) => cos(90 - degrees);
    expect(scores.clipT).toBeCloseTo((cos(10) + cos(40) + 2 + 2 * sin(80)) / 6, 6);
    expect(scores.clipTWithIdentifier).toBeCloseTo((sin(10) + sin(40) + 2 * sin(80)) / 6, 6);
  });

  test('the nearest of the gallery is taken, where the prompt keeps the look', () => {
    // 10°, 0° and 0° are nearer to 0° than to 60°, 40° is not; the two at 80° are not asked.
    expect(scores.identity).toBe(3 / 4);
    expect(isTheSubject(at(29), [at(0)], strangers)).toBe(true);
    expect(isTheSubject(at(31), [at(0)], strangers)).toBe(false);
  });

  test('one stranger in a hundred reaches the threshold', () => {
    expect(threshold([at(0)], strangers)).toBeCloseTo(0.9901, 4);
    expect(scores.taken).toBe(1 / 4);
  });

  test('the prompt is followed where a reader reads what was asked; properties are counted apart', () => {
    expect(scores.prompt).toBe(3 / 4);
    expect(scores.asked).toEqual({ context: 0.5, accessory: 1, firstColour: 0.5 });
    expect(scores.div).toBeCloseTo(0.4, 12);
    expect(scores.classDiv).toBeCloseTo(0.2, 12);
  });
});

test('a judge without readers, distances and strangers leaves these figures out', () => {
  const { identity, image } = at(0);
  const scores = scoreSubject({
    photos: [{ identity, image }],
    prompts: [prompt('context', 'beach')],
    pictures: [[{ identity, image }]],
    texts: { plain: [image], given: [image] },
    classPictures: [{ identity, image }],
  });
  expect(Object.keys(scores).sort()).toEqual([
    'asked',
    'clipI',
    'clipT',
    'clipTWithIdentifier',
    'dino',
    'pres',
  ]);
});

test('pairs come in the order in which a judge gives their distances', () => {
  expect(pairsOf(['a', 'b', 'c'])).toEqual([
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'c'],
  ]);
});

describe('several subjects', () => {
  const scoresOf = (change: Partial<SubjectScores>): SubjectScores => ({
    dino: 0.7,
    clipI: 0.8,
    clipT: 0.3,
    clipTWithIdentifier: 0.3,
    ceiling: 0.75,
    pres: 0.5,
    div: 0.4,
    identity: 0.8,
    prompt: 0.9,
    taken: 0.02,
    asked: {},
    ...change,
  });
  const resultOf = (change: Partial<SubjectScores>): VariantResult => ({
    scores: scoresOf(change),
    prompts: [],
    texts: [],
    pictureFiles: [],
    classPictureFiles: [],
  });
  const variants = chooseVariants(['prior'], 'full', false);
  const subjects = Array.from({ length: 10 }, (_, i) => i);
  const results = [
    subjects.map((i) => resultOf({ div: 0.4 + i / 100 })),
    subjects.map((i) => resultOf({ pres: 0.6 + i / 100, div: 0.3, taken: 0.5 })),
  ];
  const evaluation = {
    subjects: [],
    variants,
    results,
    summaries: variants.map((variant, v) =>
      summarize(
        variant,
        results[v]!.map(({ scores }) => scores),
      ),
    ),
  };

  test('are compared one by one', () => {
    const compared = compareVariants(evaluation, 'without-prior', 'dreambooth', 'pres')!;
    expect(compared.difference.mean).toBeCloseTo(0.145, 12);
    expect(compared.test.pGreater).toBe(2 ** -10);
    expect(compareVariants(evaluation, 'base', 'dreambooth', 'pres')).toBeUndefined();
  });

  test('decide the claims', () => {
    const claims = judgeClaims(evaluation);
    expect(claims.map(({ holds, decides }) => [holds, decides])).toEqual([
      [true, true],
      [true, true],
      [true, true],
      [true, false],
      [true, false],
      [true, false],
    ]);
    const worse = evaluation.summaries.map((summary) => ({
      ...summary,
      measures: { ...summary.measures, taken: { mean: 0.06, low: 0, high: 1, count: 10 } },
    }));
    const missed = judgeClaims({ ...evaluation, summaries: worse }).filter(({ holds }) => !holds);
    expect(missed.map(({ text }) => text)).toEqual([
      'at most 5.0 % of the plain class taken for the subject',
      'at least 30.0 % of them without the prior',
    ]);
  });

  test('copy when most are nearer to the photos than photos are to each other', () => {
    expect(evaluation.summaries[0]!.copies).toBe(false);
    const copies = summarize(DREAMBOOTH, [
      scoresOf({ dino: 0.8 }),
      scoresOf({ dino: 0.76 }),
      scoresOf({}),
    ]);
    expect(copies.copies).toBe(true);
  });
});

test('a base’s accuracy counts what was asked, seen and unseen apart', () => {
  const scenes = [
    { caption: '', unseen: false, asks: { class: 'cat', pattern: 'striped' } },
    { caption: '', unseen: true, asks: { class: 'dog' } },
  ];
  const readings = [
    { ...PLAIN, class: 'cat', pattern: 'spotted' },
    { ...PLAIN, class: 'dog', pattern: 'starred' },
  ];
  const accuracy = scoreBase(scenes, readings, { world: 26.9, photos: 20.1 });
  expect(accuracy.all.class).toMatchObject({ share: 1, count: 2 });
  expect(accuracy.all.pattern).toMatchObject({ share: 0, count: 1 });
  expect(accuracy.unseen.pattern).toBeUndefined();
  // What was never asked misses its target, too.
  const unasked = ['context', 'style', 'firstColour', 'pattern', 'accessory'];
  expect(accuracy.missed).toEqual([...unasked, 'autoencoder world']);
});

test('a wrong noun is of another kind', () => {
  expect(wrongNounFor('cat')).toBe('teapot');
  expect(wrongNounFor('teapot')).toBe('cat');
  expect(wrongNounFor('dog', ['cat', 'dog'])).toBe('cat');
});
