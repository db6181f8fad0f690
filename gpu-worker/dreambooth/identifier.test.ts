import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipTokenizer, loadClipTokenizer } from '../diffusion/tokenizers/clip-tokenizer.ts';
import { IdentifierError, listRareTokens, pickIdentifier } from './identifier.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'identifier-'));
afterAll(() => rmSync(folder, { recursive: true }));
const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/** A vocabulary whose last tokens are the given words, each made by merges of its letters. */
function makeTokenizer(words: string[]): ClipTokenizer {
  const merges: string[] = [];
  const tokens = [...letters, ...letters.map((letter) => `${letter}</w>`)];
  for (const [first, second, third] of words.map((word) => [...word])) {
    if (third === undefined) merges.push(`${first} ${second}</w>`);
    else {
      if (!tokens.includes(`${second}${third}</w>`)) {
        merges.push(`${second} ${third}</w>`);
        tokens.push(`${second}${third}</w>`);
      }
      merges.push(`${first} ${second}${third}</w>`);
    }
    tokens.push(`${first}${second}${third ?? ''}</w>`);
  }
  tokens.push('<|startoftext|>', '<|endoftext|>');
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  writeFileSync(path.join(folder, 'vocab.json'), JSON.stringify(vocab));
  writeFileSync(path.join(folder, 'merges.txt'), merges.join('\n'));
  return loadClipTokenizer(folder);
}

describe('a small vocabulary', () => {
  const words = ['zwx', 'qvk', 'cat', 'sks', 'jqz'];

  it('offers late rare tokens, latest first, without words, their endings and sks', () => {
    const tokenizer = makeTokenizer(words);
    expect(listRareTokens(tokenizer)).toEqual(['jqz', 'qvk', 'zwx']);
  });

  it('leaves out tokens of the earlier half', () => {
    const tokenizer = makeTokenizer([...words, ...letters.map((letter) => `xq${letter}`)]);
    expect(tokenizer.vocabSize).toBe(115);
    expect(listRareTokens(tokenizer)).not.toContain('zwx');
    expect(listRareTokens(tokenizer)).toContain('jqz');
  });

  it('leaves out a token that its own text does not encode to', () => {
    // "q v</w>" is merged before "z q", so that "zqv" never becomes the one token it names.
    writeFileSync(
      path.join(folder, 'vocab.json'),
      JSON.stringify(
        Object.fromEntries(
          [
            ...'zqvj',
            'v</w>',
            'j</w>',
            '<|startoftext|>',
            '<|endoftext|>',
            'zq',
            'qv</w>',
            'zqv</w>',
            'zj</w>',
          ].map((token, id) => [token, id]),
        ),
      ),
    );
    writeFileSync(path.join(folder, 'merges.txt'), 'q v</w>\nz q\nzq v</w>\nz j</w>');
    expect(listRareTokens(loadClipTokenizer(folder))).toEqual(['zj']);
  });

  it('picks the same one for the same seed, avoids taken ones, and says when none is left', () => {
    const tokenizer = makeTokenizer(words);
    const first = pickIdentifier([tokenizer], { taken: new Set(), seed: 7 });
    expect(pickIdentifier([tokenizer], { taken: new Set(), seed: 7 })).toBe(first);
    const picked = new Set<string>();
    for (let seed = 0; seed < 3; seed++)
      picked.add(pickIdentifier([tokenizer], { taken: picked, seed }));
    expect([...picked].sort()).toEqual([...listRareTokens(tokenizer)].sort());
    expect(() => pickIdentifier([tokenizer], { taken: picked, seed: 0 })).toThrow(IdentifierError);
    expect(() => pickIdentifier([tokenizer], { taken: picked, seed: 0 })).toThrow(
      'all 3 rare tokens of this base are taken',
    );
  });
});

const clip = path.resolve(import.meta.dirname, '../../../shared/data/clip-tokenizer');
// In CI a missing folder is a failure, not a reason to skip.
describe.skipIf(!existsSync(clip) && !process.env.CI)(
  "CLIP's own vocabulary (skipped without ../shared/data/clip-tokenizer)",
  () => {
    let tokenizer: ClipTokenizer;
    let rare: readonly string[];
    beforeAll(() => {
      tokenizer = loadClipTokenizer(clip);
      rare = listRareTokens(tokenizer);
    });

    it('has many, each one token in the middle of a prompt', () => {
      expect(rare.length).toBeGreaterThan(1000);
      const a = tokenizer.encode('a')[0];
      const cat = tokenizer.encode('cat')[0];
      for (const word of rare) {
        expect(tokenizer.encode(`a ${word} cat`), word).toEqual([a, expect.any(Number), cat]);
        expect(word).toMatch(/^[a-z0-9]{2,3}$/);
      }
    });

    it('offers no common words and not sks', () => {
      for (const word of 'sks cat dog usa sun moo hex jog keg oat pip'.split(' ')) {
        expect(rare, word).not.toContain(word);
      }
    });

    it('spreads neighbouring seeds over the list', () => {
      const picked = Array.from({ length: 200 }, (_, seed) =>
        pickIdentifier([tokenizer], { taken: new Set(), seed }),
      );
      expect(new Set(picked).size).toBeGreaterThan(170);
      const meanPlace = picked.reduce((sum, word) => sum + rare.indexOf(word), 0) / 200;
      expect(meanPlace / rare.length).toBeGreaterThan(0.4);
      expect(meanPlace / rare.length).toBeLessThan(0.6);
    });
  },
);
