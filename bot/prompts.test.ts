import { describe, expect, test } from 'vitest';
import {
  fillPrompt,
  listReferences,
  parsePrompt,
  suggestPrompt,
  withDefaultReference,
} from './prompts.ts';

const cat = { identifier: 'zwx', classNoun: 'cat' };
const fill = (prompt: string, words = cat) => fillPrompt(parsePrompt(prompt), () => words);

describe('a prompt', () => {
  test.each([
    ['a [V] cat on the beach', 'a zwx cat on the beach'],
    ['a [V] on the beach', 'a zwx cat on the beach'],
    ['a [v] on the beach', 'a zwx cat on the beach'],
    ['[V]', 'zwx cat'],
    ['a photo of [V].', 'a photo of zwx cat.'],
    ['a [V] Cat, sleeping', 'a zwx Cat, sleeping'],
    ['three [V] cats', 'three zwx cats'],
    ['a [V] fluffy white cat', 'a zwx fluffy white cat'],
    ['a [V] catalogue', 'a zwx cat catalogue'],
    ['a [V] and a cat', 'a zwx cat and a cat'],
    ['a [V] chasing cat toys', 'a zwx cat chasing cat toys'],
    ["[V]'s collar", "zwx cat's collar"],
    ['a[V]in a hat', 'a zwx cat in a hat'],
    ['a [Rex] on the beach', 'a zwx cat on the beach'],
    ['[V] beside [V]', 'zwx cat beside zwx cat'],
    ['a  [ V ]   cat', 'a zwx cat'],
    ['a [] [V]', 'a [] zwx cat'],
    ['[[V]]', '[zwx cat]'],
    ['a [V', 'a [V'],
  ])('%j is rendered as %j', (prompt, resolved) => {
    expect(fill(prompt)).toBe(resolved);
  });

  test('keeps a class noun of several words together', () => {
    const mug = { identifier: 'zwx', classNoun: 'coffee mug' };
    expect(fill('a [V] coffee mug on a table', mug)).toBe('a zwx coffee mug on a table');
    expect(fill('a [V] mug on a table', mug)).toBe('a zwx coffee mug mug on a table');
    expect(fill('a [V] on a table', mug)).toBe('a zwx coffee mug on a table');
  });

  test('does not read a class noun as a pattern', () => {
    expect(fill('a [V] b', { identifier: 'zwx', classNoun: 'a.b' })).toBe('a zwx a.b b');
  });

  test('tells which subjects it refers to', () => {
    const parts = parsePrompt('[V] with [Rex], [ Rex ] and [my mug]');
    expect(listReferences(parts)).toEqual([
      { key: 'v', name: null },
      { key: 'rex', name: 'Rex' },
      { key: 'my mug', name: 'my mug' },
    ]);
    expect(listReferences(parsePrompt('[Rex], [REX] and [Ｒex]'))).toHaveLength(1);
    expect(listReferences(parsePrompt('a dog'))).toEqual([]);
  });

  test.each([
    ['a [Rex] on the beach, [rex] asleep', 'a [V] on the beach, [V] asleep'],
    ['a [V] with [Mia]', 'a [V] with [Mia]'],
    ['[Mia] and [Rex]', '[V] and [Rex]'],
    ['a dog', 'a dog'],
  ])('%j becomes %j for another subject', (prompt, remixed) => {
    expect(withDefaultReference(prompt)).toBe(remixed);
  });

  test('gives each subject its own words', () => {
    const words = { v: cat, rex: { identifier: 'kdj', classNoun: 'dog' } };
    const wordsOf = (key: string) => words[key as keyof typeof words];
    expect(fillPrompt(parsePrompt('[V] cat and [Rex], [rex] asleep'), wordsOf)).toBe(
      'zwx cat and kdj dog, kdj dog asleep',
    );
  });

  test('of the greatest length is read at once, however it is built', () => {
    const startedAt = performance.now();
    for (const text of ['['.repeat(1000), '[V]'.repeat(333), `[V] ${'cat'.repeat(330)}`])
      fill(text);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test.each([
    ['a cat on the beach', 'a [V] cat on the beach'],
    ['on the beach', 'a [V] cat on the beach'],
    ['wearing a hat', 'a [V] cat wearing a hat'],
    ['sunset, oil painting', 'a [V] cat, sunset, oil painting'],
    ['concatenate', 'a [V] cat, concatenate'],
  ])('%j without [V] gets the hint %j', (prompt, hint) => {
    expect(suggestPrompt(prompt, 'cat')).toBe(hint);
  });
});
