/** @file Writes a checkpoint of any shape with random weights, in the diffusers layout, with pocket's tokenizer. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildClipTextModel } from '../diffusion/models/clip-text-model.ts';
import { listParameters, type ParameterShape } from '../diffusion/models/list-parameters.ts';
import { listVaeParameters } from '../diffusion/pipelines/check-checkpoint.ts';
import {
  listDenoiserParameters,
  TEXT_ENCODER_2,
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
import {
  buildVocabulary,
  MODEL_MAX_LENGTH,
  writeTokenizer,
} from '../pocket/tokenizer/build-vocabulary.ts';

/** Sizes of a text encoder. */
type TextShape = Pick<
  ClipTextConfig,
  'hidden_size' | 'intermediate_size' | 'num_hidden_layers' | 'num_attention_heads'
>;

/** The models of a checkpoint. */
export interface CheckpointShape {
  readonly vae: VaeConfig;
  readonly unet: UnetConfig;
  readonly text: TextShape;
  /** With a second encoder the layout is SDXL's; its projection is as wide as its states. */
  readonly text2?: TextShape;
}

/**
 * Writes the checkpoint, weights in half precision.
 *
 * @param dir made where it is missing
 * @param seed other weights, and so another hash, for another seed
 */
export function writeRandomCheckpoint(dir: string, shape: CheckpointShape, seed: number): void {
  const { vae, unet, text, text2 } = shape;
  const configs = {
    unet: { config: unet },
    textEncoder: { config: textConfigOf(text) },
    ...(text2 && { textEncoder2: { config: textConfigOf(text2) } }),
  };
  writeCheckpointFrame(dir, schedulerConfig);
  const trained = listDenoiserParameters(configs, true);
  const of = (prefix: string): ParameterShape[] =>
    trained
      .filter(({ name }) => name.startsWith(`${prefix}.`))
      .map((spec) => ({ name: spec.name.slice(prefix.length + 1), shape: spec.shape }));
  // SDXL leaves out the last layer of its first encoder, which the file has all the same.
  const textEncoder = listParameters((weights, input) => {
    buildClipTextModel(weights, configs.textEncoder.config, input('int32', [1, 1]));
  });
  writeVaeConfig(dir, vae);
  writeVae(dir, randomTensors(listVaeParameters(vae), seed));
  writeUnet(dir, unet, randomTensors(of(UNET), seed + 1));
  writeTextEncoder(dir, configs.textEncoder.config, randomTensors(textEncoder, seed + 2));
  if (!configs.textEncoder2) return;
  const tensors = randomTensors(of(TEXT_ENCODER_2), seed + 3);
  writeTextEncoder(dir, configs.textEncoder2.config, tensors, TEXT_ENCODER_2);
  writeSecondTokenizer(dir);
}

function textConfigOf(shape: TextShape): ClipTextConfig {
  const size = Object.keys(buildVocabulary().vocab).length;
  return clipTextConfigSchema.parse({
    ...shape,
    vocab_size: size,
    max_position_embeddings: MODEL_MAX_LENGTH,
    bos_token_id: size - 2,
    eos_token_id: size - 1,
    pad_token_id: size - 1,
    projection_dim: shape.hidden_size,
  });
}

/** The same words as the first one has, padded with id 0 as SDXL does. */
function writeSecondTokenizer(dir: string): void {
  writeTokenizer(path.join(dir, 'tokenizer_2'));
  const [padding] = Object.entries(buildVocabulary().vocab).find(([, id]) => id === 0)!;
  for (const name of ['tokenizer_config.json', 'special_tokens_map.json'])
    changeJson(path.join(dir, 'tokenizer_2', name), { pad_token: padding });
  changeJson(path.join(dir, 'model_index.json'), {
    _class_name: 'StableDiffusionXLPipeline',
    text_encoder_2: ['transformers', 'CLIPTextModelWithProjection'],
    tokenizer_2: ['transformers', 'CLIPTokenizer'],
    force_zeros_for_empty_prompt: true,
  });
}

function changeJson(file: string, change: object): void {
  const json = { ...JSON.parse(readFileSync(file, 'utf8')), ...change };
  writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`);
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
