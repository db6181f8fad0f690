/** @file The weighted denoising loss that every training of UNet and text encoder minimises. */

import type { Graph, Value } from '../../tensor/graph/graph.ts';
import { mul, sub } from '../../tensor/graph/ops/elementwise.ts';
import { gather } from '../../tensor/graph/ops/movement.ts';
import { reduceMean, reduceSum } from '../../tensor/graph/ops/reduction.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import type { ParameterSpec } from '../../tensor/optim/parameter-bank.ts';
import { checkedTensor, frozenWeights } from '../models/frozen-weights.ts';
import { listParameters } from '../models/list-parameters.ts';
import {
  buildTextConditioning,
  type TextConditioning,
  type TextEncoderConfigs,
  textStatesWidth,
} from '../models/text-conditioning.ts';
import { buildUnet } from '../models/unet-2d-condition-model.ts';
import type { Checkpoint, UnetConfig } from '../weights/diffusers-checkpoint.ts';
import { readTensorFloat32, type TensorEntry } from '../weights/safetensors.ts';

/** Prefixes of the trained models' tensors. The first two are the learning-rate classes. */
export const UNET = 'unet';
export const TEXT_ENCODER = 'text_encoder';
export const TEXT_ENCODER_2 = 'text_encoder_2';

/** Numbers that tell SDXL a picture's size. */
export const TIME_IDS = 6;

/** The models that are trained together; a {@link Checkpoint} is one. */
export interface DenoiserConfigs extends TextEncoderConfigs {
  readonly unet: { readonly config: UnetConfig };
}

export type DenoiserModels = Pick<Checkpoint, 'unet' | 'textEncoder' | 'textEncoder2'>;

export interface DenoisingShape {
  /** Rows of a batch: instance rows first, class rows after them. */
  rows: number;
  /** Height and width of the latents. */
  latentHeight: number;
  latentWidth: number;
  /** Different prompts in a batch; each row names one by index. */
  prompts: number;
  tokens: number;
  trainTextEncoder: boolean;
  gradientCheckpointing?: boolean;
  /** Whether places of a latent differ in weight. */
  weighsPlaces?: boolean;
}

/**
 * Adds the denoising loss to a graph.
 *
 * Inputs: `noisyLatents`, `target` float32 `[rows, 4, h, w]`; `timesteps` int32 `[rows]`;
 * `rowWeights` float32 `[rows]`; `rowPrompts` int32 `[rows]`, and `ids` int32 `[prompts, tokens]`
 * when the text encoder is trained, else `promptStates` float32 `[prompts, tokens, width]`.
 * With a second text encoder also `timeIds` float32 `[rows, 6]`, and `ids2` like `ids` or
 * `promptPooled` float32 `[prompts, projection_dim]`.
 *
 * Where places are weighed also `placeWeights` float32 `[rows, 1, h, w]`, of mean 1 in each row.
 *
 * loss = Σ_rows rowWeight · mean(placeWeights · (prediction − target)²)
 *
 * @param weights trained tensors, called `unet.…`, `text_encoder.…` and `text_encoder_2.…`
 * @returns the loss, the weighed mean squared error of each row, `[rows]`, and what the text encoders say, `[prompts, tokens, width]`
 * @see Ho et al. 2020, eq. 14, https://arxiv.org/abs/2006.11239
 */
export function buildDenoisingLoss(
  graph: Graph,
  weights: Weights,
  configs: DenoiserConfigs,
  shape: DenoisingShape,
): { loss: Value; rowLosses: Value; textStates: Value } {
  const { unet } = configs;
  const { rows, latentHeight, latentWidth } = shape;
  const latentShape = [rows, unet.config.in_channels, latentHeight, latentWidth];
  const sample = graph.input('noisyLatents', 'float32', latentShape);
  const target = graph.input('target', 'float32', latentShape);
  const timesteps = graph.input('timesteps', 'int32', [rows]);
  const rowWeights = graph.input('rowWeights', 'float32', [rows]);
  const rowPrompts = graph.input('rowPrompts', 'int32', [rows]);

  const text = shape.trainTextEncoder
    ? trainedText(weights, configs, (name) =>
        graph.input(name, 'int32', [shape.prompts, shape.tokens]),
      )
    : encodedText(graph, configs, shape);
  const inputs = {
    sample,
    timesteps,
    encoderHiddenStates: gather(text.states, rowPrompts),
    ...(text.pooled && {
      addition: {
        textEmbeds: gather(text.pooled, rowPrompts),
        timeIds: graph.input('timeIds', 'float32', [rows, TIME_IDS]),
      },
    }),
  };
  const prediction = buildUnet(scoped(weights, UNET), unet.config, inputs, shape);
  const error = sub(prediction, target);
  const squared = mul(error, error);
  const weighed = shape.weighsPlaces
    ? mul(squared, graph.input('placeWeights', 'float32', [rows, 1, latentHeight, latentWidth]))
    : squared;
  const rowLosses = reduceMean(weighed, [1, 2, 3]);
  return { loss: reduceSum(mul(rowLosses, rowWeights)), rowLosses, textStates: text.states };
}

/** The text encoders as part of the graph. */
function trainedText(
  weights: Weights,
  { textEncoder, textEncoder2 }: DenoiserConfigs,
  ids: (name: 'ids' | 'ids2') => Value,
): TextConditioning {
  return buildTextConditioning(
    { weights: scoped(weights, TEXT_ENCODER), config: textEncoder.config, ids: ids('ids') },
    textEncoder2 && {
      weights: scoped(weights, TEXT_ENCODER_2),
      config: textEncoder2.config,
      ids: ids('ids2'),
    },
  );
}

/** What the text encoders gave before the training. */
function encodedText(
  graph: Graph,
  configs: DenoiserConfigs,
  { prompts, tokens }: DenoisingShape,
): TextConditioning {
  const stateShape = [prompts, tokens, textStatesWidth(configs)];
  const states = graph.input('promptStates', 'float32', stateShape);
  if (!configs.textEncoder2) return { states };
  const { projection_dim } = configs.textEncoder2.config;
  return { states, pooled: graph.input('promptPooled', 'float32', [prompts, projection_dim]) };
}

/** The tensors that a training changes, as the models ask for them. */
export function listDenoiserParameters(
  configs: DenoiserConfigs,
  trainTextEncoder: boolean,
): ParameterSpec[] {
  const { unet, textEncoder2 } = configs;
  const { in_channels, block_out_channels } = unet.config;
  const size = 2 ** block_out_channels.length;
  const unetShapes = listParameters((weights, input) => {
    buildUnet(scoped(weights, UNET), unet.config, {
      sample: input('float32', [1, in_channels, size, size]),
      timesteps: input('int32', [1]),
      encoderHiddenStates: input('float32', [1, 1, textStatesWidth(configs)]),
      ...(textEncoder2 && {
        addition: {
          textEmbeds: input('float32', [1, textEncoder2.config.projection_dim]),
          timeIds: input('float32', [1, TIME_IDS]),
        },
      }),
    });
  });
  const textShapes = trainTextEncoder
    ? listParameters((weights, input) => {
        trainedText(weights, configs, () => input('int32', [1, 1]));
      })
    : [];
  return [
    ...unetShapes.map((shape) => ({ ...shape, lrClass: UNET })),
    ...textShapes.map((shape) => ({ ...shape, lrClass: TEXT_ENCODER })),
  ];
}

/**
 * Looks up a trained tensor in the checkpoint.
 * @throws {Error} when the checkpoint lacks it, or has it in another shape
 */
export function checkedParameter(
  models: DenoiserModels,
  { name, shape }: Pick<ParameterSpec, 'name' | 'shape'>,
): TensorEntry {
  const { prefix, tensors, rest } = modelOf(models, name);
  return checkedTensor(tensors, rest, shape, `${prefix}.`);
}

/** Reads a trained tensor's first values; see {@link checkedParameter}. */
export function readCheckpointParameter(
  models: DenoiserModels,
  parameter: Pick<ParameterSpec, 'name' | 'shape'>,
): Float32Array {
  return readTensorFloat32(checkedParameter(models, parameter));
}

/** The models' tensors in the checkpoint's file and precision, under the prefixes that trained ones have. */
export function frozenDenoiser(graph: Graph, models: DenoiserModels): Weights {
  const frozen = new Map<string, Weights>();
  return (name, shape) => {
    const { prefix, tensors, rest } = modelOf(models, name);
    const weights = frozen.get(prefix) ?? frozenWeights(graph, tensors, `${prefix}.`);
    frozen.set(prefix, weights);
    return weights(rest, shape);
  };
}

function modelOf({ unet, textEncoder, textEncoder2 }: DenoiserModels, name: string) {
  const models = { [UNET]: unet, [TEXT_ENCODER]: textEncoder, [TEXT_ENCODER_2]: textEncoder2 };
  const prefix = name.slice(0, name.indexOf('.'));
  const model = models[prefix as keyof typeof models];
  if (!model) throw new Error(`the checkpoint has no model ${prefix}, wanted for ${name}`);
  return { prefix, tensors: model.tensors, rest: name.slice(prefix.length + 1) };
}
