/** @file Scores of candidates, worked out by hand. */
import { expect, test } from 'vitest';
import { ATTRIBUTE_NAMES, ATTRIBUTES, type Reading } from '../pocket/judges/attributes.ts';
import { candidatePrompts } from './candidate-prompts.ts';
import { describeStandard, scoreCandidate } from './candidate-scores.ts';
import type { Seen } from './judge.ts';

const PLAIN = Object.fromEntries(
  ATTRIBUTE_NAMES.map((name) => [name, ATTRIBUTES[name].choices[0]]),
) as Reading;
const cos = (degrees: number) => Math.cos((degrees / 180) * Math.PI);
const vectorAt = (degrees: number) => Float32Array.of(cos(degrees), cos(90 - degrees));
/** A picture at an angle to the first axis. */
const at = (degrees: number, reading?: Partial<Reading>): Seen => ({
  identity: vectorAt(degrees),
  image: vectorAt(degrees),
  ...(reading && { reading: { ...PLAIN, ...reading } }),
});

const standard = { photos: [at(0), at(60)], classBefore: [at(90), at(90)] };

test('identity is of what keeps the look, prompt of what was asked and read, drift of the class', () => {
  const scores = scoreCandidate(standard, {
    prompts: [
      { keepsLook: true },
      { keepsLook: true, asks: { attribute: 'context', value: 'beach' } },
      { keepsLook: false, asks: { attribute: 'firstColour', value: 'red' } },
    ],
    pictures: [at(0, {}), at(60, { context: 'beach' }), at(90, { firstColour: 'blue' })],
    texts: [vectorAt(0), vectorAt(0), vectorAt(0)],
    classAfter: [at(90), at(60)],
  });
  expect(scores.identity).toBeCloseTo((1 + cos(60)) / 2, 6);
  expect(scores.prompt).toBe(1 / 2);
  const before = cos(30) / 2;
  expect(scores.drift).toBeCloseTo((before + (cos(60) + 1) / 2) / 2 - before, 6);
});

test('a judge without readers compares pictures with their texts', () => {
  const { prompt } = scoreCandidate(standard, {
    prompts: [{ keepsLook: true, asks: { attribute: 'context', value: 'beach' } }],
    pictures: [at(30)],
    texts: [vectorAt(90)],
    classAfter: [at(90)],
  });
  expect(prompt).toBeCloseTo(cos(60), 6);
});

test('what figures are held against', () => {
  const { photoLikeness, classLikeness } = describeStandard(standard);
  expect(photoLikeness).toBeCloseTo(cos(60), 6);
  expect(classLikeness).toBeCloseTo(cos(30) / 2, 6);
  expect(describeStandard({ ...standard, photos: [at(0)] })).not.toHaveProperty('photoLikeness');
});

test('few prompts: places, styles and what can be worn, the samples among them drawn once', () => {
  const samples = ['a zwx cat', 'a zwx cat on the beach', 'a zwx cat as a king'];
  const prompts = candidatePrompts({
    classNouns: ['cat', 'dog'],
    classNoun: 'cat',
    words: 'zwx cat',
    samples,
  });
  expect(prompts.slice(0, 3).map(({ text }) => text)).toEqual(samples);
  expect(prompts.map(({ asks }) => asks?.value).filter((value) => value !== undefined)).toEqual([
    'beach',
    'jungle',
    'snow',
    'city',
    'red hat',
    'painting',
    'watercolor',
  ]);
  expect(new Set(prompts.map(({ text }) => text)).size).toBe(prompts.length);
});

test('what cannot wear a hat is asked for another place; a base of any nouns for the dataset’s prompts', () => {
  const textsOf = (classNoun: string, classNouns?: readonly string[]) =>
    candidatePrompts({ classNouns, classNoun, words: `zwx ${classNoun}`, samples: [] }).map(
      ({ text }) => text,
    );
  expect(textsOf('vase', ['vase'])).toContain('a zwx vase in the desert');
  expect(textsOf('dog')).toContain('a zwx dog wearing a red hat');
  expect(textsOf('mug')).toContain('a zwx mug on top of a purple rug in a forest');
  for (const texts of [textsOf('vase', ['vase']), textsOf('dog'), textsOf('mug')])
    expect(texts).toHaveLength(8);
});
