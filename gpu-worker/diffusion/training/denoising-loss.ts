/** @file The weighted denoising loss that every training of UNet and text encoder minimises. */

import type { Graph, Value } from '../../tensor/graph/graph.ts';
import { mul, sub } from '../../tensor/graph/ops/elementwise.ts';
import { gather } from '../../tensor/graph/ops/movement.ts';
import { reduceMean, reduceSum } from '../../tensor/graph/ops/reduction.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import type { ParameterSpec } from '../../tensor/optim/parameter-bank.ts';
import { buildClipTextModel } from '../models/clip-text-model.ts';
import { checkedTensor } from '../models/frozen-weights.ts';
import { listParameters } from '../models/list-parameters.ts';
import { buildUnet } from '../models/unet-2d-condition-model.ts';
import type { Checkpoint, ClipTextConfig, UnetConfig } from '../weights/diffusers-checkpoint.ts';
import { readTensorFloat32 } from '../weights/safetensors.ts';

/** Prefixes of the trained models' tensors, and their learning-rate classes. */
export const UNET = 'unet';
export const TEXT_ENCODER = 'text_encoder';

/** The two models that are trained together; a {@link Checkpoint} is one. */
export interface DenoiserConfigs {
  readonly unet: { readonly config: UnetConfig };
  readonly textEncoder: { readonly config: ClipTextConfig };
}

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
}

/**
 * Adds the denoising loss to a graph.
 *
 * Inputs: `noisyLatents`, `target` float32 `[rows, 4, h, w]`; `timesteps` int32 `[rows]`;
 * `rowWeights` float32 `[rows]`; `rowPrompts` int32 `[rows]`, and `ids` int32 `[prompts, tokens]`
 * when the text encoder is trained, else `promptStates` float32 `[prompts, tokens, width]`.
 *
 * loss = Σ_rows rowWeight · MSE(prediction, target)
 *
 * @param weights trained tensors, called `unet.…` and `text_encoder.…`
 * @returns the loss and the mean squared error of each row, `[rows]`
 * @see Ho et al. 2020, eq. 14, https://arxiv.org/abs/2006.11239
 */
export function buildDenoisingLoss(
  graph: Graph,
  weights: Weights,
  { unet, textEncoder }: DenoiserConfigs,
  shape: DenoisingShape,
): { loss: Value; rowLosses: Value } {
  const { rows, latentHeight, latentWidth, prompts, tokens } = shape;
  const latentShape = [rows, unet.config.in_channels, latentHeight, latentWidth];
  const sample = graph.input('noisyLatents', 'float32', latentShape);
  const target = graph.input('target', 'float32', latentShape);
  const timesteps = graph.input('timesteps', 'int32', [rows]);
  const rowWeights = graph.input('rowWeights', 'float32', [rows]);
  const rowPrompts = graph.input('rowPrompts', 'int32', [rows]);

  const promptStates = shape.trainTextEncoder
    ? buildClipTextModel(
        scoped(weights, TEXT_ENCODER),
        textEncoder.config,
        graph.input('ids', 'int32', [prompts, tokens]),
      ).lastHiddenState
    : graph.input('promptStates', 'float32', [prompts, tokens, textEncoder.config.hidden_size]);

  const prediction = buildUnet(scoped(weights, UNET), unet.config, {
    sample,
    timesteps,
    encoderHiddenStates: gather(promptStates, rowPrompts),
  });
  const error = sub(prediction, target);
  const rowLosses = reduceMean(mul(error, error), [1, 2, 3]);
  return { loss: reduceSum(mul(rowLosses, rowWeights)), rowLosses };
}

/** The tensors that a training changes, as the models ask for them. */
export function listDenoiserParameters(
  { unet, textEncoder }: DenoiserConfigs,
  trainTextEncoder: boolean,
): ParameterSpec[] {
  const { in_channels, block_out_channels } = unet.config;
  const size = 2 ** block_out_channels.length;
  const { hidden_size } = textEncoder.config;
  const unetShapes = listParameters((weights, input) => {
    buildUnet(weights, unet.config, {
      sample: input('float32', [1, in_channels, size, size]),
      timesteps: input('int32', [1]),
      encoderHiddenStates: input('float32', [1, 1, hidden_size]),
    });
  });
  const textShapes = trainTextEncoder
    ? listParameters((weights, input) => {
        buildClipTextModel(weights, textEncoder.config, input('int32', [1, 1]));
      })
    : [];
  const named = (lrClass: string) => (entry: { name: string; shape: readonly number[] }) => ({
    ...entry,
    name: `${lrClass}.${entry.name}`,
    lrClass,
  });
  return [...unetShapes.map(named(UNET)), ...textShapes.map(named(TEXT_ENCODER))];
}

/** Reads a trained tensor's first values from the checkpoint. */
export function readCheckpointParameter(
  checkpoint: Pick<Checkpoint, 'unet' | 'textEncoder'>,
  { name, shape, lrClass }: ParameterSpec,
): Float32Array {
  const { tensors } = lrClass === UNET ? checkpoint.unet : checkpoint.textEncoder;
  return readTensorFloat32(checkedTensor(tensors, name.slice(lrClass.length + 1), shape));
}
