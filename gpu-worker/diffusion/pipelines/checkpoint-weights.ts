/** @file Which tensors a pipeline uses: the base checkpoint's, or a fine-tuned artifact's over them. */
import type { SessionLora } from '../lora/adapter.ts';
import { loadLora, loadLoras } from '../lora/files.ts';
import type { Checkpoint } from '../weights/diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  SafetensorsError,
  type TensorEntry,
} from '../weights/safetensors.ts';

/** Tensors of the models that fine-tuning changes. */
export interface DenoiserTensors {
  readonly unet: ReadonlyMap<string, TensorEntry>;
  readonly textEncoder: ReadonlyMap<string, TensorEntry>;
  readonly textEncoder2?: ReadonlyMap<string, TensorEntry>;
  /** Whether they are all the base's. */
  readonly isBase: boolean;
  /** An adapter beside them. */
  readonly lora?: SessionLora;
}

/**
 * @param artifactFile an adapter, if its header says `method` is `lora`; else safetensors with whole
 *   tensors called `unet.…`, `text_encoder.…` and `text_encoder_2.…`, and what it lacks is taken
 *   from the base
 * @param otherArtifactFile a second subject's adapter; both must be adapters then
 * @throws {SafetensorsError} when a file is damaged, does not fit the base, or cannot be used beside the other
 */
export function selectTensors(
  checkpoint: Checkpoint,
  artifactFile?: string,
  otherArtifactFile?: string,
): DenoiserTensors {
  const { entries, metadata } = artifactFile
    ? readSafetensorsHeader(artifactFile)
    : { entries: new Map<string, TensorEntry>(), metadata: {} as Record<string, string> };
  if (artifactFile && metadata.method === 'lora') {
    const lora =
      otherArtifactFile === undefined
        ? loadLora(artifactFile, checkpoint)
        : loadLoras([artifactFile, otherArtifactFile], checkpoint);
    return { ...selectTensors(checkpoint), lora };
  }
  if (otherArtifactFile !== undefined) {
    throw new SafetensorsError(`${artifactFile}: whole weights cannot be used with an adapter`);
  }
  const overlay = (prefix: string, base: ReadonlyMap<string, TensorEntry>) => {
    const tensors = new Map(base);
    for (const [name, entry] of entries) {
      if (name.startsWith(prefix)) tensors.set(name.slice(prefix.length), entry);
    }
    return tensors;
  };
  const { unet, textEncoder, textEncoder2 } = checkpoint;
  return {
    isBase: entries.size === 0,
    unet: overlay('unet.', unet.tensors),
    textEncoder: overlay('text_encoder.', textEncoder.tensors),
    ...(textEncoder2 && { textEncoder2: overlay('text_encoder_2.', textEncoder2.tensors) }),
  };
}
