/** @file CLIP's text encoder, tensor names as in the checkpoint (`text_model.…`). */
import type { Value } from '../../tensor/graph/graph.ts';
import { add, gelu, quickGelu } from '../../tensor/graph/ops/elementwise.ts';
import { reshape, slice } from '../../tensor/graph/ops/movement.ts';
import { attention, embedding, layerNorm, linear } from '../../tensor/nn/layers.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import type { ClipTextConfig } from '../weights/model-configs.ts';

const ACTIVATIONS = { quick_gelu: quickGelu, gelu } as const;

/** Added to the scores of positions that a token must not see. */
const MASKED = -1e9;

/**
 * Encodes token ids.
 *
 * Padding is attended to, as Stable Diffusion does: only the causal mask applies.
 *
 * @param ids int32 `[batch, tokens]`
 * @returns `hiddenStates[k]` after k layers (`[0]` is the embedding) and the last one after the
 *   final layer norm, each `[batch, tokens, hidden_size]`
 * @see Radford et al. 2021, https://arxiv.org/abs/2103.00020
 */
export function buildClipTextModel(
  weights: Weights,
  config: ClipTextConfig,
  ids: Value,
): { lastHiddenState: Value; hiddenStates: Value[] } {
  const {
    hidden_size: width,
    intermediate_size,
    num_attention_heads: heads,
    layer_norm_eps: eps,
  } = config;
  const model = scoped(weights, 'text_model');
  const [, tokens] = ids.shape as [number, number];
  const { graph } = ids;

  // 1. tokens and positions
  const positions = model('embeddings.position_embedding.weight', [
    config.max_position_embeddings,
    width,
  ]);
  if (tokens > config.max_position_embeddings) {
    throw new RangeError(
      `${tokens} tokens, the encoder has ${config.max_position_embeddings} positions`,
    );
  }
  const tokenEmbeds = embedding(
    scoped(model, 'embeddings.token_embedding'),
    ids,
    config.vocab_size,
    width,
  );
  const positionEmbeds = slice(positions, 0, 0, tokens);
  let hidden = add(tokenEmbeds, reshape(positionEmbeds, [1, tokens, width]));

  // 2. causal mask: token i sees tokens 0…i
  const causal = Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? MASKED : 0,
  );
  const mask = graph.constant(causal, [1, 1, tokens, tokens]);

  // 3. layers
  const activation = ACTIVATIONS[config.hidden_act];
  const hiddenStates = [hidden];
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = scoped(model, `encoder.layers.${i}`);
    const attn = scoped(layer, 'self_attn');
    const normed = layerNorm(scoped(layer, 'layer_norm1'), hidden, eps);
    const project = (name: string) => linear(scoped(attn, name), normed, width);
    const attended = attention(
      project('q_proj'),
      project('k_proj'),
      project('v_proj'),
      heads,
      mask,
    );
    hidden = add(hidden, linear(scoped(attn, 'out_proj'), attended, width));

    const inner = activation(
      linear(
        scoped(layer, 'mlp.fc1'),
        layerNorm(scoped(layer, 'layer_norm2'), hidden, eps),
        intermediate_size,
      ),
    );
    hidden = add(hidden, linear(scoped(layer, 'mlp.fc2'), inner, width));
    hiddenStates.push(hidden);
  }

  return {
    lastHiddenState: layerNorm(scoped(model, 'final_layer_norm'), hidden, eps),
    hiddenStates,
  };
}
