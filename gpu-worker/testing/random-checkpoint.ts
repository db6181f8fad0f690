/** @file Writes a checkpoint of any shape with random weights, in the diffusers layout, with pocket's tokenizer. */
import { buildVaeDecoder, buildVaeEncoder } from '../diffusion/models/autoencoder-kl.ts';
import { listParameters, type ParameterShape } from '../diffusion/models/list-parameters.ts';
import {
  listDenoiserParameters,
  TEXT_ENCODER,
  UNET,
} from '../diffusion/training/denoising-loss.ts';
import {
  type ClipTextConfig,
  clipTextConfigSchema,
  type UnetConfig,
  type VaeConfig,
} from '../diffusion/weights/model-configs.ts';
import { schedulerConfig } from '../pocket/pretraining/architecture.ts';
import { initialWeights } from '../pocket/pretraining/initial-weights.ts';
import {
  type NamedTensors,
  writeCheckpointFrame,
  writeTextEncoder,
  writeUnet,
  writeVae,
  writeVaeConfig,
} from '../pocket/pretraining/write-checkpoint.ts';
import { buildVocabulary, MODEL_MAX_LENGTH } from '../pocket/tokenizer/build-vocabulary.ts';

/** The three models of a checkpoint. */
export interface CheckpointShape {
  readonly vae: VaeConfig;
  readonly unet: UnetConfig;
  readonly text: Pick<
    ClipTextConfig,
    'hidden_size' | 'intermediate_size' | 'num_hidden_layers' | 'num_attention_heads'
  >;
}

/**
 * Writes the checkpoint, weights in half precision.
 *
 * @param dir made where it is missing
 * @param seed other weights, and so another hash, for another seed
 */
export function writeRandomCheckpoint(dir: string, shape: CheckpointShape, seed: number): void {
  const { vae, unet } = shape;
  const size = Object.keys(buildVocabulary().vocab).length;
  const text = clipTextConfigSchema.parse({
    ...shape.text,
    vocab_size: size,
    max_position_embeddings: MODEL_MAX_LENGTH,
    bos_token_id: size - 2,
    eos_token_id: size - 1,
    pad_token_id: size - 1,
    projection_dim: shape.text.hidden_size,
  });
  writeCheckpointFrame(dir, schedulerConfig);
  const denoiser = listDenoiserParameters(
    { unet: { config: unet }, textEncoder: { config: text } },
    true,
  );
  const of = (prefix: string): ParameterShape[] =>
    denoiser
      .filter(({ lrClass }) => lrClass === prefix)
      .map((spec) => ({ name: spec.name.slice(prefix.length + 1), shape: spec.shape }));
  const pixels = vae.sample_size as number;
  const latents = pixels / 2 ** (vae.block_out_channels.length - 1);
  const autoencoder = listParameters((weights, input) => {
    buildVaeEncoder(weights, vae, input('float32', [1, 3, pixels, pixels]));
    buildVaeDecoder(weights, vae, input('float32', [1, vae.latent_channels, latents, latents]));
  });
  writeVaeConfig(dir, vae);
  writeVae(dir, randomTensors(autoencoder, seed));
  writeUnet(dir, unet, randomTensors(of(UNET), seed + 1));
  writeTextEncoder(dir, text, randomTensors(of(TEXT_ENCODER), seed + 2));
}

function randomTensors(shapes: readonly ParameterShape[], seed: number): NamedTensors {
  const byName = new Map(shapes.map((shape, index) => [shape.name, { shape, index }]));
  const find = (name: string) => {
    const found = byName.get(name);
    if (!found) throw new Error(`random checkpoint: no tensor ${name}`);
    return found;
  };
  return {
    names: [...byName.keys()],
    shapeOf: (name) => find(name).shape.shape,
    read: (name) => initialWeights(find(name).shape, seed, find(name).index),
  };
}
