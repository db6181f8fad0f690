/** @file Writes a tiny checkpoint with random weights: 64 × 64 pixels, pocket's tokenizer, steps of milliseconds. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildVaeDecoder, buildVaeEncoder } from '../diffusion/models/autoencoder-kl.ts';
import { listParameters, type ParameterShape } from '../diffusion/models/list-parameters.ts';
import {
  listDenoiserParameters,
  TEXT_ENCODER,
  UNET,
} from '../diffusion/training/denoising-loss.ts';
import {
  clipTextConfigSchema,
  unetConfigSchema,
  vaeConfigSchema,
} from '../diffusion/weights/model-configs.ts';
import type { SamplingSettings, TrainingSettings } from '../dreambooth/requests.ts';
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

/** What {@link writeTinyCheckpoint} can be told. */
export interface TinyCheckpointOptions {
  /** Other weights, and so another hash, for another seed. */
  readonly seed: number;
  readonly classNouns?: readonly string[];
  /** Over few and small settings: 6 steps, a checkpoint each 2, 2 class images, 2 sampling steps. */
  readonly training?: Partial<TrainingSettings>;
  readonly sampling?: Partial<SamplingSettings>;
}

const vaeConfig = vaeConfigSchema.parse({
  block_out_channels: [8, 8, 8],
  down_block_types: Array(3).fill('DownEncoderBlock2D'),
  up_block_types: Array(3).fill('UpDecoderBlock2D'),
  latent_channels: 4,
  layers_per_block: 1,
  norm_num_groups: 4,
  sample_size: 64,
});

const unetConfig = unetConfigSchema.parse({
  sample_size: 16,
  block_out_channels: [8, 16],
  down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
  layers_per_block: 1,
  attention_head_dim: 2,
  cross_attention_dim: 16,
  norm_num_groups: 4,
});

/**
 * Writes the checkpoint.
 *
 * @param dir made where it is missing
 * @returns dir
 */
export function writeTinyCheckpoint(dir: string, options: TinyCheckpointOptions): string {
  const { seed, classNouns = ['cat', 'dog'] } = options;
  const { vocab } = buildVocabulary();
  const size = Object.keys(vocab).length;
  const textConfig = clipTextConfigSchema.parse({
    vocab_size: size,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    max_position_embeddings: MODEL_MAX_LENGTH,
    bos_token_id: size - 2,
    eos_token_id: size - 1,
    pad_token_id: size - 1,
    projection_dim: 16,
  });
  writeCheckpointFrame(dir, schedulerConfig);
  const denoiser = listDenoiserParameters(
    { unet: { config: unetConfig }, textEncoder: { config: textConfig } },
    true,
  );
  const of = (prefix: string): ParameterShape[] =>
    denoiser
      .filter(({ lrClass }) => lrClass === prefix)
      .map(({ name, shape }) => ({ name: name.slice(prefix.length + 1), shape }));
  const vae = listParameters((weights, input) => {
    buildVaeEncoder(weights, vaeConfig, input('float32', [1, 3, 64, 64]));
    buildVaeDecoder(weights, vaeConfig, input('float32', [1, 4, 16, 16]));
  });
  writeVaeConfig(dir, vaeConfig);
  writeVae(dir, randomTensors(vae, seed));
  writeUnet(dir, unetConfig, randomTensors(of(UNET), seed + 1));
  writeTextEncoder(dir, textConfig, randomTensors(of(TEXT_ENCODER), seed + 2));
  const recommended = {
    training: {
      maxTrainSteps: 6,
      checkpointingSteps: 2,
      learningRate: 1e-4,
      textEncoderLearningRate: 1e-4,
      numClassImages: 2,
      trainBatchSize: 1,
      ...options.training,
    },
    sampling: {
      sampler: 'ddim',
      numInferenceSteps: 2,
      guidanceScale: 2,
      ...options.sampling,
    },
  };
  writeFileSync(path.join(dir, 'class_nouns.json'), JSON.stringify(classNouns));
  writeFileSync(path.join(dir, 'recommended.json'), JSON.stringify(recommended));
  return dir;
}

function randomTensors(shapes: readonly ParameterShape[], seed: number): NamedTensors {
  const byName = new Map(shapes.map((shape, index) => [shape.name, { shape, index }]));
  const find = (name: string) => {
    const found = byName.get(name);
    if (!found) throw new Error(`tiny checkpoint: no tensor ${name}`);
    return found;
  };
  return {
    names: [...byName.keys()],
    shapeOf: (name) => find(name).shape.shape,
    read: (name) => initialWeights(find(name).shape, seed, find(name).index),
  };
}
