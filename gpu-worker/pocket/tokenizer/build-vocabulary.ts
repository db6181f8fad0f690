/**
 * @file Builds pocket's CLIP-style BPE vocabulary: every word of the world one token, common words
 * where there is room, and rare identifiers that no text contains.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captionPhrases, classPromptOf } from '../world/captions.ts';
import { COLOURS } from '../world/colours.ts';
import { BACKDROPS, CLASSES } from '../world/scene.ts';
import { COMMON_WORDS, SHORT_WORDS } from './words.ts';

/** Ends a word's last symbol, as in CLIP. */
const WORD_END = '</w>';

/** Special tokens, last in the vocabulary. */
export const START_OF_TEXT = '<|startoftext|>';
export const END_OF_TEXT = '<|endoftext|>';

/** Tokens that the text encoder sees at most, special ones included. */
export const MODEL_MAX_LENGTH = 32;

/** Most entries that the vocabulary may have. */
const MAX_ENTRIES = 2048;

/** A vocabulary in the form of `vocab.json` and `merges.txt`. */
export interface Vocabulary {
  /** Token to id. */
  readonly vocab: Readonly<Record<string, number>>;
  /** Pairs, most urgent first. */
  readonly merges: readonly (readonly [string, string])[];
  /** Rare identifiers: text without the word end; each is one token. */
  readonly identifiers: readonly string[];
}

/**
 * CLIP's printable stand-ins for the 256 bytes, in vocabulary order.
 *
 * @see https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py `bytes_to_unicode`
 */
function byteAlphabet(): string[] {
  const printable: number[] = [];
  for (let b = 33; b <= 126; b++) printable.push(b);
  for (let b = 161; b <= 172; b++) printable.push(b);
  for (let b = 174; b <= 255; b++) printable.push(b);
  const others = 256 - printable.length;
  return [
    ...printable.map((b) => String.fromCodePoint(b)),
    ...Array.from({ length: others }, (_, i) => String.fromCodePoint(256 + i)),
  ];
}

function symbolsOf(word: string): string[] {
  const letters = [...word];
  const last = letters.pop() ?? '';
  return [...letters, last + WORD_END];
}

function mergePair(symbols: readonly string[], a: string, b: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === a && symbols[i + 1] === b) {
      out.push(a + b);
      i++;
    } else out.push(symbols[i] ?? '');
  }
  return out;
}

/**
 * Splits a word by the merges, the lowest rank first, as CLIP's tokenizer does.
 *
 * @param word lower-case letters
 * @param ranks `"a b"` to rank
 */
export function splitWord(word: string, ranks: ReadonlyMap<string, number>): string[] {
  let symbols = symbolsOf(word);
  for (;;) {
    let best = Number.POSITIVE_INFINITY;
    let at = -1;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = ranks.get(`${symbols[i]} ${symbols[i + 1]}`) ?? Number.POSITIVE_INFINITY;
      if (rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return symbols;
    symbols = mergePair(symbols, symbols[at] ?? '', symbols[at + 1] ?? '');
  }
}

/** Learns merges until every word is one symbol; each word counts with its weight. */
function learnMerges(weights: ReadonlyMap<string, number>): [string, string][] {
  const words = [...weights].map(([word, weight]) => ({ symbols: symbolsOf(word), weight }));
  const merges: [string, string][] = [];
  for (;;) {
    const counts = new Map<string, number>();
    for (const { symbols, weight } of words)
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = `${symbols[i]} ${symbols[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + weight);
      }
    let best = '';
    let most = 0;
    for (const [pair, count] of counts)
      if (count > most || (count === most && pair < best)) [best, most] = [pair, count];
    if (most === 0) return merges;
    const [a = '', b = ''] = best.split(' ');
    merges.push([a, b]);
    for (const word of words) word.symbols = mergePair(word.symbols, a, b);
  }
}

/** @returns every word that captions can contain */
export function worldWords(): string[] {
  const text = [
    ...captionPhrases(),
    ...CLASSES.map(classPromptOf),
    ...COLOURS,
    ...BACKDROPS.map((colour) => `on a ${colour} background`),
  ].join(' ');
  return [...new Set(text.split(/\s+/))].sort();
}

/** Letter pairs that begin no English word, and letters that end few; together they mean nothing. */
const RARE_STARTS = 'zw qv xk vq jx zk qx wz kj vx jq zx xv qz vj xz'.split(' ');
const RARE_ENDS = 'b c d f g h j k m n p q t v w x y z'.split(' ');

function learnIdentifiers(known: ReadonlyMap<string, number>): {
  merges: [string, string][];
  identifiers: string[];
} {
  const ranks = new Map(known);
  const merges: [string, string][] = [];
  const add = (a: string, b: string): void => {
    if (ranks.has(`${a} ${b}`)) return;
    ranks.set(`${a} ${b}`, ranks.size);
    merges.push([a, b]);
  };
  const candidates: string[] = [];
  for (const start of RARE_STARTS) {
    const [a = '', b = ''] = start;
    add(a, b);
    for (const end of RARE_ENDS) {
      const word = start + end;
      if (SHORT_WORDS.has(word)) continue;
      add(start, end + WORD_END);
      candidates.push(word);
    }
    // Two letters alone are an identifier too.
    if (!SHORT_WORDS.has(start)) {
      add(a, b + WORD_END);
      candidates.push(start);
    }
  }
  return { merges, identifiers: candidates.filter((word) => splitWord(word, ranks).length === 1) };
}

const ranksOf = (merges: readonly (readonly [string, string])[]): Map<string, number> =>
  new Map(merges.map(([a, b], rank) => [`${a} ${b}`, rank]));

/** Built once: a pure function of the word lists. */
let built: Vocabulary | undefined;

/**
 * Builds the vocabulary. Ordinary merges come first, identifier merges last, so that no identifier
 * changes how a known word is split.
 */
export function buildVocabulary(): Vocabulary {
  if (built !== undefined) return built;
  const alphabet = byteAlphabet();
  const weights = new Map<string, number>();
  const world = worldWords();
  // World words weigh more: their merges come early and stay whatever the common list becomes.
  for (const word of COMMON_WORDS) weights.set(word, 1);
  for (const word of world) weights.set(word, 100);
  const ordinary = learnMerges(weights);
  const rare = learnIdentifiers(ranksOf(ordinary));
  const merges = [...ordinary, ...rare.merges];
  const tokens = [
    ...alphabet,
    ...alphabet.map((letter) => letter + WORD_END),
    ...merges.map(([a, b]) => a + b),
    START_OF_TEXT,
    END_OF_TEXT,
  ];
  const unique = [...new Set(tokens)];
  if (unique.length > MAX_ENTRIES)
    throw new Error(
      `buildVocabulary: ${unique.length} entries, at most ${MAX_ENTRIES}; shorten COMMON_WORDS`,
    );
  built = {
    vocab: Object.fromEntries(unique.map((token, id) => [token, id])),
    merges,
    identifiers: rare.identifiers,
  };
  return built;
}

/**
 * Writes `tokenizer/` of a diffusers checkpoint.
 *
 * @param folder where the four files go; made if missing
 */
export function writeTokenizer(folder: string): void {
  const { vocab, merges } = buildVocabulary();
  const special = (content: string, normalized: boolean) => ({
    content,
    lstrip: false,
    normalized,
    rstrip: false,
    single_word: false,
  });
  const bos = special(START_OF_TEXT, true);
  const eos = special(END_OF_TEXT, true);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  mkdirSync(folder, { recursive: true });
  write('vocab.json', `${JSON.stringify(vocab)}\n`);
  write('merges.txt', `#version: 0.2\n${merges.map((pair) => pair.join(' ')).join('\n')}\n`);
  write(
    'special_tokens_map.json',
    `${JSON.stringify({ bos_token: bos, eos_token: eos, pad_token: END_OF_TEXT, unk_token: eos }, null, 2)}\n`,
  );
  write(
    'tokenizer_config.json',
    `${JSON.stringify(
      {
        add_prefix_space: false,
        bos_token: { __type: 'AddedToken', ...bos },
        do_lower_case: true,
        eos_token: { __type: 'AddedToken', ...eos },
        errors: 'replace',
        model_max_length: MODEL_MAX_LENGTH,
        pad_token: END_OF_TEXT,
        tokenizer_class: 'CLIPTokenizer',
        unk_token: { __type: 'AddedToken', ...eos },
      },
      null,
      2,
    )}\n`,
  );
}
