import { expect, test } from 'vitest';
import { backward } from '../autograd/backward.ts';
import { Graph, type Value } from '../graph/graph.ts';
import { mul } from '../graph/ops/elementwise.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { sizeOf } from '../graph/shape.ts';
import { Philox } from '../random/philox.ts';
import { createSession, type Tensor } from '../runtime/session.ts';
import { conv2d, linear } from './layers.ts';
import { loraShapes, withLora, withMergedLora } from './lora.ts';
import { scoped, type Weights } from './weights.ts';

const RANK = 2;
const SCALE = 1.5;

const random = (shape: readonly number[], stream: number): Tensor => ({
  data: new Philox(7, stream).normals(sizeOf(shape)),
  shape,
});

interface Layer {
  name: string;
  input: readonly number[];
  weightShape: readonly number[];
  build: (weights: Weights, input: Value) => Value;
}
const layers: Layer[] = [
  {
    name: 'a linear layer',
    input: [2, 3, 4],
    weightShape: [5, 4],
    build: (weights, input) => linear(weights, input, 5),
  },
  {
    name: 'a 3×3 convolution with stride 2',
    input: [1, 3, 6, 6],
    weightShape: [4, 3, 3, 3],
    build: (weights, input) => conv2d(weights, input, 4, 3, { stride: 2, pads: [1, 1, 1, 1] }),
  },
];

/** Runs a layer called `block.layer`, with the branch beside it, added to its weight in the graph, or before. */
async function run(
  { build, weightShape, input }: Layer,
  kind: 'branch' | 'added' | 'merged',
  mask?: Float32Array,
) {
  const shapes = loraShapes(weightShape, RANK);
  const tensors = {
    input: random(input, 1),
    weight: random(weightShape, 2),
    bias: random([weightShape[0]!], 3),
    down: random(shapes.down, 4),
    up: random(shapes.up, 5),
  };
  if (kind === 'merged') tensors.weight = merged(tensors.weight, tensors.down, tensors.up);
  const graph = new Graph();
  const values = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [name, graph.input(name, 'float32', shape)]),
  ) as Record<keyof typeof tensors, Value>;
  const base: Weights = (name) => values[name.replace('block.layer.', '') as 'weight' | 'bias'];
  const maskValue = mask && graph.input('mask', 'float32', [1, 1, mask.length]);
  const adapt = kind === 'added' ? withMergedLora : withLora;
  const weights = adapt(base, (name: string) =>
    name === 'block.layer.weight' && kind !== 'merged'
      ? { down: values.down, up: values.up, scale: SCALE, ...(maskValue && { mask: maskValue }) }
      : undefined,
  );
  const output = build(scoped(scoped(weights, 'block'), 'layer'), values.input);
  graph.output('output', output);
  const probe = graph.constant([...random(output.shape, 6).data], output.shape);
  const [gradInput] = backward(reduceSum(mul(output, probe)), [values.input]);
  graph.output('gradInput', gradInput!);
  const session = await createSession(graph, { purpose: 'inference', threads: 1 });
  const results = await session.run({
    ...tensors,
    ...(mask && { mask: { data: mask, shape: [1, 1, mask.length] } }),
  });
  await session.close();
  return { output: [...results.output!.data], gradInput: [...results.gradInput!.data] };
}

/** W + scale · B·A, written out. */
function merged(weight: Tensor, down: Tensor, up: Tensor): Tensor {
  const [out] = weight.shape as [number];
  const fanIn = weight.data.length / out;
  const data = (weight.data as Float32Array).map((value, index) => {
    const [row, column] = [Math.floor(index / fanIn), index % fanIn];
    let product = 0;
    for (let r = 0; r < RANK; r++)
      product += up.data[row * RANK + r]! * down.data[r * fanIn + column]!;
    return value + SCALE * product;
  });
  return { data, shape: weight.shape };
}

test.each(layers)('a branch beside $name is its weight plus scale · B·A', async (layer) => {
  const inside = await run(layer, 'merged');
  for (const kind of ['branch', 'added'] as const) {
    const adapted = await run(layer, kind);
    for (const name of ['output', 'gradInput'] as const) {
      for (const [i, value] of adapted[name].entries())
        expect(value).toBeCloseTo(inside[name][i]!, 4);
    }
  }
});

test('a masked input reaches the layer whole and its branch masked', async () => {
  const [layer] = layers as [Layer];
  const whole = await run(layer, 'branch');
  const kept = await run(layer, 'branch', Float32Array.of(1, 1, 1, 1));
  const dropped = await run(layer, 'branch', Float32Array.of(0, 0, 0, 0));
  expect(kept.output).toEqual(whole.output);
  const withoutBranch: Layer = {
    ...layer,
    build: (weights, input) => linear((name, shape) => weights(name, shape), input, 5),
  };
  const plain = await run(withoutBranch, 'branch');
  expect(dropped.output).toEqual(plain.output);
  expect(dropped.output).not.toEqual(whole.output);
});
