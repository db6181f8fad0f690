import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipTokenizer, fitPrompt, loadClipTokenizer } from './clip-tokenizer.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a small vocabulary', () => {
  const tokens =
    'a c d g o t ! a</w> c</w> d</w> g</w> o</w> t</w> !</w> at</w> cat</w> <s> <e>'.split(' ');
  const write = (name: string, content: unknown) =>
    writeFileSync(
      path.join(folder, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );

  it('loads with its own special tokens and length', () => {
    write('vocab.json', Object.fromEntries(tokens.map((token, id) => [token, id])));
    write('merges.txt', '#version: 0.2\na t</w>\nc at</w>\n');
    write('special_tokens_map.json', { bos_token: { content: '<s>' }, pad_token: '<s>' });
    write('tokenizer_config.json', { model_max_length: 8, eos_token: '<e>', pad_token: '!' });
    const tokenizer = loadClipTokenizer(folder);
    expect(tokenizer).toMatchObject({
      maxLength: 8,
      vocabSize: 18,
      bosId: 16,
      eosId: 17,
      padId: 6,
    });
    expect([...tokenizer.encodePadded('A  Cat')]).toEqual([16, 7, 15, 17, 6, 6, 6, 6]);
    expect([...tokenizer.encodePadded('cat dog cat cat cat')]).toEqual([
      16, 15, 2, 4, 10, 15, 15, 17,
    ]);
    expect(tokenizer.decode([16, 7, 15, 17, 6])).toBe('a cat');
    expect(tokenizer.decode([])).toBe('');
    expect([...tokenizer.tokens()][15]).toEqual(['cat</w>', 15]);
  });

  it('is refused with its reason when something is missing', () => {
    write('tokenizer_config.json', { pad_token: '<pad>' });
    expect(() => loadClipTokenizer(folder)).toThrow(/expected the special token <\|endoftext\|>/);
    write('merges.txt', 'a t</w> x\n');
    expect(() => loadClipTokenizer(folder)).toThrow(/merges\.txt: expected two tokens a line/);
    rmSync(path.join(folder, 'merges.txt'));
    expect(() => loadClipTokenizer(folder)).toThrow(/merges\.txt: expected this file/);
  });
});

const clip = path.resolve(import.meta.dirname, '../../../../shared/data/clip-tokenizer');
// In CI a missing folder is a failure, not a reason to skip.
describe.skipIf(!existsSync(clip) && !process.env.CI)(
  "CLIP's own vocabulary (skipped without ../shared/data/clip-tokenizer)",
  () => {
    let tokenizer: ClipTokenizer;
    beforeAll(() => {
      tokenizer = loadClipTokenizer(clip);
    });

    it('gives the expected ids of awkward texts', () => {
      const expected: { text: string; ids: number[] }[] = JSON.parse(
        readFileSync(path.join(clip, 'expected.json'), 'utf8'),
      );
      expect(expected.length).toBeGreaterThan(10);
      for (const { text, ids } of expected) {
        expect([...tokenizer.encodePadded(text)], text).toEqual(ids);
      }
    });

    // Values from transformers 5.18 CLIPTokenizerFast.
    it.each([
      ['ΟΔΟΣ ΣΑΣ', [138, 123, 138, 112, 138, 123, 139, 481, 139, 225, 138, 109, 139, 481]],
      ['İstanbul', [328, 16384, 11231]],
      ['a\u00a0b\u2003c', [320, 321, 322]],
      ['e\u0301', [4166]],
      ['<|ENDOFTEXT|> x', [27, 347, 40786, 4160, 91, 285, 343]],
      ['½ ² x²', [33613, 41175, 343, 41175]],
      ['हिन्दी', [29446, 26721, 26090, 19389, 29552, 25751]],
      ["it's 'S", [585, 568, 568]],
    ])('encodes %s as the reference does', (text, ids) => {
      expect(tokenizer.encode(text)).toEqual(ids);
    });

    it('decodes to spaced lower-case words', () => {
      expect(tokenizer.decode(tokenizer.encode("A sks dog, isn't it?"))).toBe(
        "a sks dog , isn 't it ?",
      );
    });

    it('takes a pad token in the text for padding, as the reference does', () => {
      const padded = path.join(folder, 'padded');
      cpSync(clip, padded, { recursive: true });
      writeFileSync(path.join(padded, 'tokenizer_config.json'), '{"pad_token": "!"}');
      const row = loadClipTokenizer(padded).encodePadded('wow! a dog!!');
      expect([...row.subarray(0, 10)]).toEqual([49406, 2781, 0, 320, 1929, 0, 0, 49407, 0, 0]);
    });

    it('names the first word that does not fit', () => {
      expect(fitPrompt(tokenizer, 'a '.repeat(75))).toMatchObject({ fits: true });
      expect(fitPrompt(tokenizer, `${'a '.repeat(72)}red Cattywampuses! indeed`)).toEqual({
        fits: false,
        tokenCount: 80,
        maxTokens: 75,
        firstWordLeftOut: 'Cattywampuses!',
      });
    });
  },
);
