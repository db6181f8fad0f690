/** @file What one DreamBooth step is: the graph of the loss, and the numbers that a step is fed. */

import { buildClipTextModel } from '../diffusion/models/clip-text-model.ts';
import { checkedTensor } from '../diffusion/models/frozen-weights.ts';
import { listParameters } from '../diffusion/models/list-parameters.ts';
import { buildUnet } from '../diffusion/models/unet-2d-condition-model.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { readTensorFloat32 } from '../diffusion/weights/safetensors.ts';
import type { Graph, Value } from '../tensor/graph/graph.ts';
import { mul, sub } from '../tensor/graph/ops/elementwise.ts';
import { gather } from '../tensor/graph/ops/movement.ts';
import { reduceMean, reduceSum } from '../tensor/graph/ops/reduction.ts';
import { scoped, type Weights } from '../tensor/nn/weights.ts';
import type { ParameterSpec } from '../tensor/optim/parameter-bank.ts';

/** Prefixes of the trained models' tensors, and their learning-rate classes. */
export const UNET = 'unet';
export const TEXT_ENCODER = 'text_encoder';

export interface StepShape {
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
 * Adds the DreamBooth loss to a graph.
 *
 * Inputs: `noisyLatents`, `target` float32 `[rows, 4, h, w]`; `timesteps` int32 `[rows]`;
 * `rowWeights` float32 `[rows]`; `rowPrompts` int32 `[rows]`, and `ids` int32 `[prompts, tokens]`
 * when the text encoder is trained, else `promptStates` float32 `[prompts, tokens, width]`.
 *
 * loss = Σ_rows rowWeight · MSE(prediction, target). With weight 1/n on n instance rows and λ/m on
 * m class rows this is the paper's instance term plus λ times its prior-preservation term.
 *
 * @param weights trained tensors, called `unet.…` and `text_encoder.…`
 * @returns the loss and the mean squared error of each row, `[rows]`
 * @see Ruiz et al. 2023, eq. 2, https://arxiv.org/abs/2208.12242
 */
export function buildDreamboothLoss(
  graph: Graph,
  weights: Weights,
  { unet, textEncoder }: Pick<Checkpoint, 'unet' | 'textEncoder'>,
  shape: StepShape,
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
export function listTrainedParameters(
  { unet, textEncoder }: Pick<Checkpoint, 'unet' | 'textEncoder'>,
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
export function readBaseParameter(
  checkpoint: Pick<Checkpoint, 'unet' | 'textEncoder'>,
  { name, shape, lrClass }: ParameterSpec,
): Float32Array {
  const { tensors } = lrClass === UNET ? checkpoint.unet : checkpoint.textEncoder;
  return readTensorFloat32(checkedTensor(tensors, name.slice(lrClass.length + 1), shape));
}

/**
 * Weight of each row: 1/n for the n instance rows, λ/m for the m class rows.
 * @param classRows 0 where the prior is not preserved
 */
export function dreamboothRowWeights(
  instanceRows: number,
  classRows: number,
  priorLossWeight: number,
): Float32Array {
  return Float32Array.from({ length: instanceRows + classRows }, (_, i) =>
    i < instanceRows ? 1 / instanceRows : priorLossWeight / classRows,
  );
}
