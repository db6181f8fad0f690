/** @file Which tensors a pipeline uses: the base checkpoint's, or a fine-tuned artifact's over them. */
import type { Checkpoint } from '../weights/diffusers-checkpoint.ts';
import { readSafetensorsHeader, type TensorEntry } from '../weights/safetensors.ts';

/** Tensors of the two models that fine-tuning changes. */
export interface DenoiserTensors {
  readonly unet: ReadonlyMap<string, TensorEntry>;
  readonly textEncoder: ReadonlyMap<string, TensorEntry>;
}

/**
 * @param artifactFile safetensors with tensors called `unet.…` and `text_encoder.…`; what it lacks
 *   is taken from the base
 * @throws {SafetensorsError} when the file is damaged
 */
export function selectTensors(checkpoint: Checkpoint, artifactFile?: string): DenoiserTensors {
  const entries = artifactFile ? readSafetensorsHeader(artifactFile).entries : new Map();
  const overlay = (prefix: string, base: ReadonlyMap<string, TensorEntry>) => {
    const tensors = new Map(base);
    for (const [name, entry] of entries) {
      if (name.startsWith(prefix)) tensors.set(name.slice(prefix.length), entry);
    }
    return tensors;
  };
  return {
    unet: overlay('unet.', checkpoint.unet.tensors),
    textEncoder: overlay('text_encoder.', checkpoint.textEncoder.tensors),
  };
}
