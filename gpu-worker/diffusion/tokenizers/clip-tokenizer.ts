/**
 * @file CLIP's byte-pair tokenizer, built from a checkpoint's own vocabulary and merges; texts in,
 * token ids out, exactly as the reference implementation gives them.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';

/** Texts ↔ token ids of one text encoder. */
export interface ClipTokenizer {
  /** Length of a padded row, begin and end tokens included: 77 for every CLIP. */
  readonly maxLength: number;
  /** One more than the largest id. */
  readonly vocabSize: number;
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /**
   * @param text any text
   * @returns its ids, without begin and end tokens, however many there are
   */
  encode(text: string): number[];
  /**
   * @param text any text; what does not fit is cut off
   * @returns int32 `[maxLength]`: begin token, text, end token, padding
   */
  encodePadded(text: string): Int32Array;
  /**
   * @param ids token ids; begin, end and padding tokens are left out
   * @returns lower-case text, a space after each word, none around
   */
  decode(ids: readonly number[]): string;
  /** @returns every token as the vocabulary spells it (`cat</w>`), with its id */
  tokens(): IterableIterator<[string, number]>;
}

/** A folder that does not hold a CLIP tokenizer. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
}

/** What CLIP was trained with, where the tokenizer's files do not say. */
const DEFAULT_MAX_LENGTH = 77;
const DEFAULT_BOS = '<|startoftext|>';
const DEFAULT_EOS = '<|endoftext|>';

/** A token as text, or as an object with its flags. */
const specialToken = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();
const tokenizerConfigSchema = z.object({
  // Some exports write 1e30 for "unknown".
  model_max_length: z.number().nullish(),
  bos_token: specialToken,
  eos_token: specialToken,
  pad_token: specialToken,
  unk_token: specialToken,
});

/**
 * Loads the tokenizer of one text encoder.
 *
 * @param dir folder with `vocab.json` and `merges.txt`, and possibly `tokenizer_config.json` and
 *   `special_tokens_map.json`
 * @throws {TokenizerError} when a file is missing or names a token that the vocabulary lacks
 * @see transformers `src/transformers/models/clip/tokenization_clip.py`
 */
export function loadClipTokenizer(dir: string): ClipTokenizer {
  const vocab = readJson(path.join(dir, 'vocab.json'), z.record(z.string(), z.int().nonnegative()));
  const merges = readMerges(path.join(dir, 'merges.txt'));
  const config = {
    ...readConfig(path.join(dir, 'special_tokens_map.json')),
    ...readConfig(path.join(dir, 'tokenizer_config.json')),
  };

  const idOf = (token: string): number => {
    const id = vocab[token];
    if (id === undefined) {
      throw new TokenizerError(`${dir}/vocab.json: expected the special token ${token}`);
    }
    return id;
  };
  const bos = config.bos_token ?? DEFAULT_BOS;
  const eos = config.eos_token ?? DEFAULT_EOS;
  const pad = config.pad_token ?? eos;
  const [bosId, eosId, padId] = [idOf(bos), idOf(eos), idOf(pad)];
  const stated = config.model_max_length ?? DEFAULT_MAX_LENGTH;
  const maxLength = stated > 2 && stated <= 1_000_000 ? stated : DEFAULT_MAX_LENGTH;

  const tokenizer = new Tokenizer(
    describeClip(vocab, merges, [bos, eos, pad, config.unk_token ?? eos]),
    // The clean-up would move punctuation about in decoded text.
    { clean_up_tokenization_spaces: false },
  );
  const vocabulary = Object.entries(vocab);

  const encode = (text: string): number[] =>
    // JavaScript lower-cases a final Σ to ς, the reference every Σ to σ.
    tokenizer.encode(text.replaceAll('Σ', 'σ'), { add_special_tokens: false }).ids;

  return {
    maxLength,
    vocabSize: vocabulary.reduce((size, [, id]) => Math.max(size, id + 1), 0),
    bosId,
    eosId,
    padId,
    encode,
    encodePadded(text) {
      const row = new Int32Array(maxLength).fill(padId);
      const ids = encode(text).slice(0, maxLength - 2);
      row.set([bosId, ...ids, eosId]);
      return row;
    },
    decode(ids) {
      if (ids.length === 0) return '';
      return tokenizer.decode([...ids], { skip_special_tokens: true });
    },
    tokens: () => vocabulary.values(),
  };
}

/** Whether a text fits, and if it does not, from which word on. */
export type PromptFit =
  | { readonly fits: true; readonly ids: readonly number[] }
  | {
      readonly fits: false;
      /** How many tokens the text has, and how many there may be. */
      readonly tokenCount: number;
      readonly maxTokens: number;
      /** The first word, as written, that would be cut off in whole or in part. */
      readonly firstWordLeftOut: string;
    };

/**
 * Checks that a text fits the text encoder without being cut.
 *
 * @param tokenizer of the text encoder
 * @param text a prompt
 * @returns the ids, or the first word that does not fit
 */
export function fitPrompt(tokenizer: ClipTokenizer, text: string): PromptFit {
  const maxTokens = tokenizer.maxLength - 2;
  const ids = tokenizer.encode(text);
  if (ids.length <= maxTokens) return { fits: true, ids };
  // No token reaches across white space, so that words can be counted one by one.
  const words = text.split(/\s+/u).filter((word) => word !== '');
  let count = 0;
  const firstWordLeftOut = words.find((word) => {
    count += tokenizer.encode(word).length;
    return count > maxTokens;
  });
  return {
    fits: false,
    tokenCount: ids.length,
    maxTokens,
    firstWordLeftOut: firstWordLeftOut ?? text,
  };
}

/** The same pipeline as transformers builds for `CLIPTokenizer`, in the `tokenizer.json` form. */
function describeClip(
  vocab: Record<string, number>,
  merges: [string, string][],
  specialTokens: string[],
) {
  return {
    added_tokens: [...new Set(specialTokens)].map((content) => ({
      id: vocab[content],
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
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
            Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
          },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: specialTokens[3],
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}

function readMerges(file: string): [string, string][] {
  const merges: [string, string][] = [];
  for (const line of readText(file).split(/\r?\n/)) {
    if (line === '' || line.startsWith('#version')) continue;
    const [left, right, ...rest] = line.split(' ');
    if (!left || !right || rest.length > 0) {
      throw new TokenizerError(
        `${file}: expected two tokens a line, found ${JSON.stringify(line)}`,
      );
    }
    merges.push([left, right]);
  }
  return merges;
}

function readConfig(file: string) {
  if (!existsSync(file)) return {};
  const stated = Object.entries(readJson(file, tokenizerConfigSchema)).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return Object.fromEntries(stated) as z.infer<typeof tokenizerConfigSchema>;
}

function readJson<S extends z.ZodType>(file: string, schema: S): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(readText(file));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new TokenizerError(`${file}: expected JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new TokenizerError(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new TokenizerError(`${file}: expected this file of a CLIP tokenizer`, { cause });
  }
}
