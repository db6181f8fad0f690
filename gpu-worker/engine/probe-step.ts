/** @file A training so small that every machine makes it at once, with every kind of layer, whose result is known. */
import { add, gelu, mul, silu, sub } from '../tensor/graph/ops/elementwise.ts';
import { concat, reshape, transpose, upsampleNearest } from '../tensor/graph/ops/movement.ts';
import { reduceMean } from '../tensor/graph/ops/reduction.ts';
import { sizeOf } from '../tensor/graph/shape.ts';
import {
  attention,
  conv2d,
  conv3x3,
  embedding,
  groupNorm,
  layerNorm,
  linear,
} from '../tensor/nn/layers.ts';
import { scoped, type Weights } from '../tensor/nn/weights.ts';
import { scalar, Trainer } from '../tensor/optim/trainer.ts';
import type { ExecutionProvider } from '../tensor/runtime/session.ts';

const STEPS = 3;
const LEARNING_RATE = 1e-3;
const ROWS = 2;
const CHANNELS = 8;
const SIDE = 8;
const PICTURES = [ROWS, CHANNELS, SIDE, SIDE];
const CLASSES = 4;

/** In the order in which they are filled. */
const PARAMETERS: Readonly<Record<string, readonly number[]>> = {
  'conv_in.weight': [CHANNELS, CHANNELS, 3, 3],
  'conv_in.bias': [CHANNELS],
  'classes.weight': [CLASSES, CHANNELS],
  'group_norm.weight': [CHANNELS],
  'group_norm.bias': [CHANNELS],
  'down.weight': [CHANNELS, CHANNELS, 3, 3],
  'down.bias': [CHANNELS],
  'layer_norm.weight': [CHANNELS],
  'layer_norm.bias': [CHANNELS],
  'to_q.weight': [CHANNELS, CHANNELS],
  'to_k.weight': [CHANNELS, CHANNELS],
  'to_v.weight': [CHANNELS, CHANNELS],
  'to_out.weight': [CHANNELS, CHANNELS],
  'to_out.bias': [CHANNELS],
  'ff_in.weight': [2 * CHANNELS, CHANNELS],
  'ff_in.bias': [2 * CHANNELS],
  'ff_out.weight': [CHANNELS, 2 * CHANNELS],
  'ff_out.bias': [CHANNELS],
  'conv_out.weight': [CHANNELS, 2 * CHANNELS, 3, 3],
  'conv_out.bias': [CHANNELS],
};

/**
 * Makes three steps.
 * @returns losses and gradient norms, as in `KNOWN_RESULT`, and the time of the last step
 */
export async function makeProbeSteps(
  provider: ExecutionProvider,
): Promise<{ values: number[]; stepMs: number }> {
  const names = Object.keys(PARAMETERS);
  const trainer = await Trainer.create({
    provider,
    parameters: names.map((name) => ({ name, shape: PARAMETERS[name]!, lrClass: 'all' })),
    initial: (name) => wave(names.indexOf(name) + 2, PARAMETERS[name]!, 0.3),
    build: (graph, weights) => {
      const pixels = graph.input('pixels', 'float32', PICTURES);
      const target = graph.input('target', 'float32', PICTURES);
      const classes = graph.input('classes', 'int32', [ROWS]);
      const error = sub(buildModel(weights, pixels, classes), target);
      return { loss: reduceMean(mul(error, error)) };
    },
  });
  const feeds = {
    pixels: { data: wave(0, PICTURES, 1), shape: PICTURES },
    target: { data: wave(1, PICTURES, 1), shape: PICTURES },
    classes: { data: Int32Array.of(1, 3), shape: [ROWS] },
  };
  const losses: number[] = [];
  const norms: number[] = [];
  let stepMs = 0;
  for (let step = 0; step < STEPS; step++) {
    const startedAt = performance.now();
    const results = await trainer.step(feeds, { all: LEARNING_RATE });
    stepMs = performance.now() - startedAt;
    losses.push(scalar(results, 'loss'));
    norms.push(scalar(results, 'gradNorm'));
  }
  await trainer.close();
  return { values: [...losses, ...norms], stepMs };
}

type Node = ReturnType<typeof silu>;

/** A level of a UNet in small: residual attention on half the resolution, and a skip around it. */
function buildModel(weights: Weights, pixels: Node, classes: Node): Node {
  const of = (name: string) => scoped(weights, name);
  const half = SIDE / 2;
  const classStates = embedding(of('classes'), classes, CLASSES, CHANNELS);
  const given = add(
    conv3x3(of('conv_in'), pixels, CHANNELS),
    reshape(classStates, [ROWS, CHANNELS, 1, 1]),
  );
  const wide = silu(groupNorm(of('group_norm'), given, CHANNELS / 2, 1e-5));

  const narrow = conv2d(of('down'), wide, CHANNELS, 3, { stride: 2, pads: [1, 1, 1, 1] });
  let tokens = transpose(reshape(narrow, [ROWS, CHANNELS, half * half]), [0, 2, 1]);
  const normalized = layerNorm(of('layer_norm'), tokens, 1e-5);
  const [query, key, value] = ['to_q', 'to_k', 'to_v'].map((name) =>
    linear(of(name), normalized, CHANNELS, { bias: false }),
  );
  tokens = add(tokens, linear(of('to_out'), attention(query!, key!, value!, 2), CHANNELS));
  const inner = gelu(linear(of('ff_in'), tokens, 2 * CHANNELS));
  tokens = add(tokens, linear(of('ff_out'), inner, CHANNELS));
  const back = reshape(transpose(tokens, [0, 2, 1]), [ROWS, CHANNELS, half, half]);

  return conv3x3(of('conv_out'), concat([wide, upsampleNearest(back)], 1), CHANNELS);
}

/** Numbers that need no generator: amplitude · sin(0.7 i + 1.3 k + 1). */
function wave(k: number, shape: readonly number[], amplitude: number): Float32Array {
  return Float32Array.from(
    { length: sizeOf(shape) },
    (_, i) => amplitude * Math.sin(0.7 * i + 1.3 * k + 1),
  );
}
