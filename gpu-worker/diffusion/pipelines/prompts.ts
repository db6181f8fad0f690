/** @file A checkpoint's tokenizers, one for each of its text encoders, and prompts as their token ids. */
import type { Tensor } from '../../tensor/runtime/session.ts';
import {
  type ClipTokenizer,
  loadClipTokenizer,
  TokenizerError,
} from '../tokenizers/clip-tokenizer.ts';
import { type Checkpoint, CheckpointError } from '../weights/diffusers-checkpoint.ts';

/** One for each text encoder, in their order. */
export type PromptTokenizers = readonly [ClipTokenizer, ...ClipTokenizer[]];

/** Padded token ids, int32 `[prompts, tokens]`; `ids2` are the second tokenizer's, where there are two. */
export interface TokenIds {
  readonly ids: Tensor;
  readonly ids2?: Tensor;
}

/** What a checkpoint says of its texts. */
type TextModels = Pick<
  Checkpoint,
  'dir' | 'textEncoder' | 'textEncoder2' | 'tokenizerDir' | 'tokenizer2Dir'
>;

/**
 * @throws {CheckpointError} naming the tokenizer that is missing, damaged, or not its encoder's
 */
export function loadTokenizers(checkpoint: TextModels): PromptTokenizers {
  const { dir, textEncoder, textEncoder2, tokenizerDir, tokenizer2Dir } = checkpoint;
  const load = (name: string, folder: string | undefined, encoder: Checkpoint['textEncoder']) => {
    const tokenizer = openTokenizer(folder ?? `${dir}/${name}`);
    const { vocab_size, max_position_embeddings } = encoder.config;
    if (tokenizer.vocabSize > vocab_size) {
      throw new CheckpointError(
        `${dir}/${name}: ids up to ${tokenizer.vocabSize - 1}, its text encoder's vocab_size is ${vocab_size}`,
      );
    }
    if (tokenizer.maxLength > max_position_embeddings) {
      throw new CheckpointError(
        `${dir}/${name}: rows of ${tokenizer.maxLength} tokens, its text encoder has ${max_position_embeddings} positions`,
      );
    }
    return tokenizer;
  };
  const first = load('tokenizer', tokenizerDir, textEncoder);
  if (!textEncoder2) return [first];
  const second = load('tokenizer_2', tokenizer2Dir, textEncoder2);
  if (second.maxLength !== first.maxLength) {
    throw new CheckpointError(
      `${dir}/tokenizer_2: rows of ${second.maxLength} tokens, those of tokenizer have ${first.maxLength}`,
    );
  }
  return [first, second];
}

function openTokenizer(folder: string): ClipTokenizer {
  try {
    return loadClipTokenizer(folder);
  } catch (error) {
    if (!(error instanceof TokenizerError)) throw error;
    throw new CheckpointError(error.message, { cause: error });
  }
}

/** Texts to padded token ids of each tokenizer. */
export function encodePrompts(tokenizers: PromptTokenizers, texts: readonly string[]): TokenIds {
  const [ids, ids2] = tokenizers.map((tokenizer): Tensor => {
    const { maxLength } = tokenizer;
    const data = new Int32Array(texts.length * maxLength);
    for (const [row, text] of texts.entries())
      data.set(tokenizer.encodePadded(text), row * maxLength);
    return { data, shape: [texts.length, maxLength] };
  });
  return { ids: ids!, ...(ids2 && { ids2 }) };
}
