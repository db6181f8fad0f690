/** @file The vocabulary, read by the standard CLIP BPE algorithm of @huggingface/tokenizers. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { captionOf } from '../world/captions.ts';
import { createRandom } from '../world/random.ts';
import { sampleScene } from '../world/scene.ts';
import {
  buildVocabulary,
  END_OF_TEXT,
  START_OF_TEXT,
  worldWords,
  writeTokenizer,
} from './build-vocabulary.ts';
import { COMMON_WORDS } from './words.ts';

const { vocab, merges, identifiers } = buildVocabulary();

const addedToken = (content: string) => ({ id: vocab[content] ?? -1, content, special: true });

const clip = new Tokenizer(
  {
    added_tokens: [addedToken(START_OF_TEXT), addedToken(END_OF_TEXT)],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: {
            Regex:
              "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
          },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [END_OF_TEXT, vocab[END_OF_TEXT] ?? -1],
      cls: [START_OF_TEXT, vocab[START_OF_TEXT] ?? -1],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      unk_token: END_OF_TEXT,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      dropout: null,
      vocab: { ...vocab },
      merges: merges.map(([a, b]) => [a, b] as [string, string]),
    },
  } as unknown as ConstructorParameters<typeof Tokenizer>[0],
  {},
);

const idsOf = (text: string): number[] => clip.encode(text, { add_special_tokens: false }).ids;
const textOf = (ids: number[]): string =>
  clip.decode(ids, { skip_special_tokens: true }).replaceAll('</w>', ' ').trim();

describe('the vocabulary of pocket', () => {
  it('has CLIP layout: 512 letters, merges, then the two special tokens', () => {
    const size = Object.keys(vocab).length;
    expect(size).toBe(512 + merges.length + 2);
    expect(size).toBeLessThanOrEqual(2048);
    expect(vocab['!']).toBe(0);
    expect(vocab['a</w>']).toBe(256 + 64);
    expect(vocab[START_OF_TEXT]).toBe(size - 2);
    expect(vocab[END_OF_TEXT]).toBe(size - 1);
  });

  it('encodes every world word and every common word to one token', () => {
    const words = [...worldWords(), ...COMMON_WORDS];
    expect(words.filter((word) => idsOf(word).length !== 1)).toEqual([]);
  });

  it('has at least 256 identifiers of 2 or 3 letters, each one token that decodes to itself', () => {
    expect(identifiers.length).toBeGreaterThanOrEqual(256);
    expect(new Set(identifiers).size).toBe(identifiers.length);
    const words = new Set<string>([...worldWords(), ...COMMON_WORDS, 'sks']);
    for (const identifier of identifiers) {
      expect(identifier).toMatch(/^[a-z]{2,3}$/);
      expect(words.has(identifier)).toBe(false);
      const ids = idsOf(identifier);
      expect(ids).toEqual([vocab[`${identifier}</w>`]]);
      expect(textOf(ids)).toBe(identifier);
    }
  });

  it('keeps captions short and free of identifiers, and gives the text back', () => {
    const rare = new Set(identifiers.map((identifier) => vocab[`${identifier}</w>`]));
    for (let seed = 0; seed < 1500; seed++) {
      const caption = captionOf(sampleScene(seed), createRandom(seed));
      const ids = clip.encode(caption).ids;
      expect(ids.length, caption).toBe(caption.split(' ').length + 2);
      expect(ids.length, caption).toBeLessThan(46);
      expect(ids.some((id: number) => rare.has(id))).toBe(false);
      expect(textOf(ids)).toBe(caption);
    }
  });

  it('splits unknown words into letters instead of failing', () => {
    const ids = idsOf('zyzzogeton');
    expect(ids.length).toBeGreaterThan(1);
    expect(textOf(ids).replaceAll(' ', '')).toBe('zyzzogeton');
  });

  it('writes the four files of a diffusers tokenizer folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pocket-tokenizer-'));
    try {
      writeTokenizer(folder);
      const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
      expect(JSON.parse(read('vocab.json'))).toEqual(vocab);
      const lines = read('merges.txt').trimEnd().split('\n');
      expect(lines[0]).toBe('#version: 0.2');
      expect(lines.length).toBe(merges.length + 1);
      expect(JSON.parse(read('tokenizer_config.json'))).toMatchObject({
        tokenizer_class: 'CLIPTokenizer',
        model_max_length: 32,
        pad_token: END_OF_TEXT,
      });
      expect(JSON.parse(read('special_tokens_map.json'))).toMatchObject({
        bos_token: { content: START_OF_TEXT },
        eos_token: { content: END_OF_TEXT },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
