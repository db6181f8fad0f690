/**
 * @file Trains pocket's text encoder to say what a caption's picture shows, before the UNet listens to
 * it: as Stable Diffusion's encoder, it knows its words when the UNet begins. While the UNet learns, the
 * same loss keeps it from forgetting words for what cannot be drawn yet.
 */
import { buildClipTextModel } from '../../diffusion/models/clip-text-model.ts';
import { listParameters } from '../../diffusion/models/list-parameters.ts';
import type { ClipTokenizer } from '../../diffusion/tokenizers/clip-tokenizer.ts';
import { TEXT_ENCODER } from '../../diffusion/training/denoising-loss.ts';
import type { ClipTextConfig } from '../../diffusion/weights/model-configs.ts';
import type { Value } from '../../tensor/graph/graph.ts';
import { mul, sub } from '../../tensor/graph/ops/elementwise.ts';
import { reduceMean } from '../../tensor/graph/ops/reduction.ts';
import { linear } from '../../tensor/nn/layers.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import { Trainer } from '../../tensor/optim/trainer.ts';
import { Philox } from '../../tensor/random/philox.ts';
import type { Feeds } from '../../tensor/runtime/session.ts';
import { captionOf } from '../world/captions.ts';
import { COLOURS } from '../world/colours.ts';
import { createRandom } from '../world/random.ts';
import {
  ACCESSORIES,
  BACKDROPS,
  CLASSES,
  CONTEXTS,
  PATTERNS,
  type Scene,
  STYLES,
  VIEWS,
} from '../world/scene.ts';
import { pretrainingScene, SEED_RANGES } from '../world/seeds.ts';
import { initialWeights } from './initial-weights.ts';

export const TEXT_BATCH = 64;
const STREAM = { choice: 21 } as const;

/** What a scene shows, one choice of each list. */
const FACTS: readonly { readonly choices: readonly string[]; of(scene: Scene): string }[] = [
  { choices: CLASSES, of: ({ subject }) => subject.className },
  { choices: COLOURS, of: ({ subject }) => subject.primary },
  { choices: COLOURS, of: ({ subject }) => subject.secondary },
  { choices: PATTERNS, of: ({ subject }) => subject.pattern },
  { choices: CONTEXTS, of: ({ context }) => context },
  { choices: BACKDROPS, of: ({ backdrop }) => backdrop },
  { choices: STYLES, of: ({ style }) => style },
  { choices: VIEWS, of: ({ view }) => view },
  { choices: ACCESSORIES, of: ({ accessory }) => accessory },
  { choices: ['shiny', 'matt'], of: ({ shiny }) => (shiny ? 'shiny' : 'matt') },
];
export const FACT_COUNT = FACTS.reduce((sum, { choices }) => sum + choices.length, 0);

/** One-hot, list after list; float32, `FACT_COUNT` long. */
export function factsOf(scene: Scene): Float32Array {
  const facts = new Float32Array(FACT_COUNT);
  let offset = 0;
  for (const { choices, of } of FACTS) {
    facts[offset + choices.indexOf(of(scene))] = 1;
    offset += choices.length;
  }
  return facts;
}

/**
 * Squared error of a linear reading of the mean state: what a caption leaves unsaid is answered by
 * its share among all pictures. The mean is over all positions, padding included, as the UNet's
 * attention sees them before it has learned where to look.
 *
 * @param weights of the reading layer, `head.…`
 * @param states float32 `[batch, tokens, width]`
 * @param facts float32 `[batch, FACT_COUNT]`
 */
export function readingLoss(weights: Weights, states: Value, facts: Value): Value {
  const read = linear(scoped(weights, 'head'), reduceMean(states, [1]), FACT_COUNT);
  const error = sub(read, facts);
  return mul(reduceMean(mul(error, error)), FACT_COUNT / FACTS.length);
}

const encoderReadingLoss = (weights: Weights, config: ClipTextConfig, ids: Value, facts: Value) =>
  readingLoss(
    weights,
    buildClipTextModel(scoped(weights, TEXT_ENCODER), config, ids).lastHiddenState,
    facts,
  );

/** A trainer of the text encoder, from nothing. Its tensors are called `text_encoder.…`. */
export function createTextEncoderTrainer(
  config: ClipTextConfig,
  seed: number,
  threads: number,
): Promise<Trainer> {
  const tokens = config.max_position_embeddings;
  const shapes = listParameters((weights, input) => {
    const ids = input('int32', [1, tokens]);
    encoderReadingLoss(weights, config, ids, input('float32', [1, FACT_COUNT]));
  });
  const order = new Map(shapes.map((shape, i) => [shape.name, { shape, i }]));
  return Trainer.create({
    parameters: shapes.map((shape) => ({ ...shape, lrClass: TEXT_ENCODER })),
    initial: (name) => initialWeights(order.get(name)!.shape, seed, order.get(name)!.i),
    threads,
    adamw: { betas: [0.9, 0.99], weightDecay: 0 },
    build: (graph, weights) => {
      const ids = graph.input('ids', 'int32', [TEXT_BATCH, tokens]);
      const facts = graph.input('facts', 'float32', [TEXT_BATCH, FACT_COUNT]);
      return { loss: encoderReadingLoss(weights, config, ids, facts) };
    },
  });
}

/** What step `step` is fed: captions of scenes that need not be among the drawn ones. */
export function textEncoderFeeds(tokenizer: ClipTokenizer, seed: number, step: number): Feeds {
  const choice = new Philox(seed, step, STREAM.choice);
  const ids = new Int32Array(TEXT_BATCH * tokenizer.maxLength);
  const facts = new Float32Array(TEXT_BATCH * FACT_COUNT);
  const [, end] = SEED_RANGES.pretraining;
  for (let row = 0; row < TEXT_BATCH; row++) {
    const scene = pretrainingScene(choice.integer(end));
    const caption = captionOf(scene, createRandom(choice.uint32()));
    ids.set(tokenizer.encodePadded(caption), row * tokenizer.maxLength);
    facts.set(factsOf(scene), row * FACT_COUNT);
  }
  return {
    ids: { data: ids, shape: [TEXT_BATCH, tokenizer.maxLength] },
    facts: { data: facts, shape: [TEXT_BATCH, FACT_COUNT] },
  };
}
