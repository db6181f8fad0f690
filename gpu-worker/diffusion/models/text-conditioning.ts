/** @file What the UNet is told about the text, by one encoder (Stable Diffusion 1 and 2) or two (SDXL). */
import type { Value } from '../../tensor/graph/graph.ts';
import { concat } from '../../tensor/graph/ops/movement.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import type { ClipTextConfig } from '../weights/model-configs.ts';
import { buildClipTextLayers, buildClipTextModel, buildPooledText } from './clip-text-model.ts';

/** The text encoders' configs; a checkpoint is one of these. */
export interface TextEncoderConfigs {
  readonly textEncoder: { readonly config: ClipTextConfig };
  readonly textEncoder2?: { readonly config: ClipTextConfig };
}

/** An encoder, and its own tokenizer's ids: int32 `[batch, tokens]`. */
export interface TextEncoderInput {
  weights: Weights;
  config: ClipTextConfig;
  ids: Value;
}

export interface TextConditioning {
  /** `[batch, tokens, width]`, see {@link textStatesWidth} */
  states: Value;
  /** `[batch, projection_dim]`, of the second encoder */
  pooled?: Value;
}

/** Width of the states that the UNet attends to. */
export const textStatesWidth = ({ textEncoder, textEncoder2 }: TextEncoderConfigs): number =>
  textEncoder.config.hidden_size + (textEncoder2?.config.hidden_size ?? 0);

/**
 * One encoder gives its last hidden state after the final layer norm. Two give the states before
 * their last layers side by side, without layer norm, and the second one's pooled text.
 *
 * @see Podell et al. 2023, section 2.1, https://arxiv.org/abs/2307.01952
 */
export function buildTextConditioning(
  first: TextEncoderInput,
  second?: TextEncoderInput,
): TextConditioning {
  if (!second) {
    return { states: buildClipTextModel(first.weights, first.config, first.ids).lastHiddenState };
  }
  // The first encoder's last layer is not built: nothing would use it.
  const layers = first.config.num_hidden_layers - 1;
  const states = buildClipTextLayers(first.weights, first.config, first.ids, layers).at(-1)!;
  const model = buildClipTextModel(second.weights, second.config, second.ids);
  return {
    states: concat([states, model.hiddenStates.at(-2)!], 2),
    pooled: buildPooledText(second.weights, second.config, model.lastHiddenState, second.ids),
  };
}
