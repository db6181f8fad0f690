/** @file Writes a tiny checkpoint with random weights: 64 × 64 pixels, pocket's tokenizer, steps of milliseconds. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { unetConfigSchema, vaeConfigSchema } from '../diffusion/weights/model-configs.ts';
import type { SamplingSettings, TrainingSettings } from '../dreambooth/requests.ts';
import { type CheckpointShape, writeRandomCheckpoint } from './random-checkpoint.ts';

/** What {@link writeTinyCheckpoint} can be told. */
export interface TinyCheckpointOptions {
  /** Other weights, and so another hash, for another seed. */
  readonly seed: number;
  /** Whose layout it has. */
  readonly family?: keyof typeof SHAPES;
  readonly classNouns?: readonly string[];
  /** Over few and small settings: 6 steps, a checkpoint each 2, 2 class images, 2 sampling steps. */
  readonly training?: Partial<Omit<TrainingSettings, 'method'>>;
  readonly sampling?: Partial<SamplingSettings>;
}

const SD1: CheckpointShape = {
  vae: vaeConfigSchema.parse({
    block_out_channels: [8, 8, 8],
    down_block_types: Array(3).fill('DownEncoderBlock2D'),
    up_block_types: Array(3).fill('UpDecoderBlock2D'),
    latent_channels: 4,
    layers_per_block: 1,
    norm_num_groups: 4,
    sample_size: 64,
  }),
  unet: unetConfigSchema.parse({
    sample_size: 16,
    block_out_channels: [8, 16],
    down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
    layers_per_block: 1,
    attention_head_dim: 2,
    cross_attention_dim: 16,
    norm_num_groups: 4,
  }),
  text: { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 },
};

const SDXL: CheckpointShape = {
  ...SD1,
  unet: unetConfigSchema.parse({
    ...SD1.unet,
    cross_attention_dim: 40,
    transformer_layers_per_block: [2, 1],
    use_linear_projection: true,
    addition_embed_type: 'text_time',
    addition_time_embed_dim: 8,
    projection_class_embeddings_input_dim: 24 + 6 * 8,
  }),
  text: { ...SD1.text, num_hidden_layers: 2 },
  text2: { hidden_size: 24, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 2 },
};

const SHAPES = { sd1: SD1, sdxl: SDXL };

/**
 * Writes the checkpoint.
 *
 * @param dir made where it is missing
 * @returns dir
 */
export function writeTinyCheckpoint(dir: string, options: TinyCheckpointOptions): string {
  const { seed, family = 'sd1', classNouns = ['cat', 'dog'] } = options;
  writeRandomCheckpoint(dir, SHAPES[family], seed);
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
