/** @file CLIP's text encoder, tensor names as in the checkpoint (`text_model.…`). */
import type { Value } from '../../tensor/graph/graph.ts';
import { add, cast, compare, gelu, quickGelu } from '../../tensor/graph/ops/elementwise.ts';
import { gather, reshape, slice } from '../../tensor/graph/ops/movement.ts';
import { argMax } from '../../tensor/graph/ops/reduction.ts';
import { attention, embedding, layerNorm, linear } from '../../tensor/nn/layers.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import type { ClipTextConfig } from '../weights/model-configs.ts';

const ACTIVATIONS = { quick_gelu: quickGelu, gelu } as const;

/** Added to the scores of positions that a token must not see. */
const MASKED = -1e9;

/** Stands in configs that were written before the end token had its true id there: it is the largest id. */
const OLD_EOS_TOKEN_ID = 2;

/**
 * Encodes token ids.
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
  const hiddenStates = buildClipTextLayers(weights, config, ids, config.num_hidden_layers);
  const norm = scoped(weights, 'text_model.final_layer_norm');
  return {
    lastHiddenState: layerNorm(norm, hiddenStates.at(-1)!, config.layer_norm_eps),
    hiddenStates,
  };
}

/**
 * The first layers alone, without the final layer norm.
 *
 * Padding is attended to, as Stable Diffusion does: only the causal mask applies.
 *
 * @param ids int32 `[batch, tokens]`
 * @param layers how many, up to `num_hidden_layers`
 * @returns `layers + 1` hidden states, the embedding first, each `[batch, tokens, hidden_size]`
 */
export function buildClipTextLayers(
  weights: Weights,
  config: ClipTextConfig,
  ids: Value,
  layers: number,
): Value[] {
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
  for (let i = 0; i < layers; i++) {
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

  return hiddenStates;
}

/**
 * The one vector that stands for a whole text: the state of its end token after the final layer
 * norm, projected. Only encoders that were saved with `text_projection` have it.
 *
 * @param lastHiddenState float32 `[batch, tokens, hidden_size]`
 * @param ids int32 `[batch, tokens]`
 * @returns `[batch, projection_dim]`
 * @see transformers `CLIPTextModelWithProjection`
 */
export function buildPooledText(
  weights: Weights,
  config: ClipTextConfig,
  lastHiddenState: Value,
  ids: Value,
): Value {
  const [batch, tokens, width] = lastHiddenState.shape as [number, number, number];
  const { graph } = ids;
  const { eos_token_id: eos } = config;
  const values = cast(ids, 'float32');
  const isOldConfig = eos === null || eos === OLD_EOS_TOKEN_ID;
  const end = argMax(isOldConfig ? values : compare('Equal', values, graph.constant(eos)));
  const rowStarts = graph.constant(
    Array.from({ length: batch }, (_, row) => row * tokens),
    [batch],
  );
  const positions = cast(add(end, rowStarts), 'int32');
  const endStates = gather(reshape(lastHiddenState, [batch * tokens, width]), positions);
  return linear(scoped(weights, 'text_projection'), endStates, config.projection_dim, {
    bias: false,
  });
}
