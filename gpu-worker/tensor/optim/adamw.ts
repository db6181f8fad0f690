/** @file AdamW with gradient clipping by global norm, as graph nodes over packed parameter groups. */
import type { Graph, Value } from '../graph/graph.ts';
import { add, div, mul, sqrt, sub } from '../graph/ops/elementwise.ts';
import { concat, reshape } from '../graph/ops/movement.ts';
import type { ParameterBank } from './parameter-bank.ts';

export interface AdamWOptions {
  /** Exponential decay rates of the two moments. */
  betas: readonly [number, number];
  eps: number;
  /** Decoupled weight decay, multiplied by the learning rate. */
  weightDecay: number;
  /** Gradients are scaled down so that their norm over all parameters is at most this. */
  maxGradNorm: number;
}

/** Defaults of torch and of the DreamBooth reference script. */
export const ADAMW_DEFAULTS: AdamWOptions = {
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 1e-2,
  maxGradNorm: 1,
};

/**
 * Adds clipping and one AdamW update to a graph.
 *
 * Notation: θ parameter, g clipped gradient, m `expAvg`, v `expAvgSq`, t step, η learning rate, λ decay.
 * The bias corrections are folded into two scalars that the caller feeds each step:
 *   θ ← θ·(1 − ηλ) − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε·√(1−β₂ᵗ))
 *
 * Inputs added: `expAvg/…`, `expAvgSq/…` for each group, `adam/eps`, and for each learning-rate
 * class `adam/decay/…`, `adam/stepSize/…` and `adam/counts/…` (see `adamwScalars`). Outputs added:
 * `next/param/…`, `next/expAvg/…`, `next/expAvgSq/…`.
 *
 * @param parameters the groups' inputs, in the bank's order
 * @param gradients one for each group, flat too: the runtime walks `[o, c, 1, 1]` element by element
 * @returns float32 scalar: the norm before clipping, of the gradients whose class is not frozen
 * @see Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2
 */
export function adamw(
  graph: Graph,
  bank: ParameterBank,
  parameters: readonly Value[],
  gradients: readonly Value[],
  options: AdamWOptions,
): Value {
  const { betas, maxGradNorm } = options;
  const [beta1, beta2] = betas;

  // 1. the scalars of each learning-rate class
  const eps = graph.input('adam/eps', 'float32', []);
  const classes = new Map(
    [...new Set(bank.groups.map(({ lrClass }) => lrClass))].map((lrClass) => {
      const scalar = (name: string) => graph.input(`adam/${name}/${lrClass}`, 'float32', []);
      return [
        lrClass,
        { decay: scalar('decay'), stepSize: scalar('stepSize'), counts: scalar('counts') },
      ];
    }),
  );

  // 2. ‖g‖ over every class that counts, and the factor that limits it
  const squares = gradients.map((grad, i) => {
    const [sum] = graph.emit('ReduceSumSquare', [grad], [{ dtype: 'float32', shape: [] }], {
      keepdims: 0,
    });
    return reshape(mul(sum!, classes.get(bank.groups[i]!.lrClass)!.counts), [1]);
  });
  const norm = sqrt(
    graph.emit('ReduceSum', [concat(squares, 0)], [{ dtype: 'float32', shape: [] }], {
      keepdims: 0,
    })[0]!,
  );
  // torch divides by ‖g‖ + 1e-6
  const [clipFactor] = graph.emit(
    'Min',
    [div(maxGradNorm, add(norm, 1e-6)), graph.constant(1)],
    [{ dtype: 'float32', shape: [] }],
  );

  // 3. the update
  const firstFactor = mul(clipFactor!, 1 - beta1);
  const secondFactor = mul(mul(clipFactor!, clipFactor!), 1 - beta2);
  for (const [i, group] of bank.groups.entries()) {
    const { name, lrClass, size } = group;
    const { decay, stepSize } = classes.get(lrClass)!;
    const grad = gradients[i]!;
    const expAvg = graph.input(`expAvg/${name}`, 'float32', [size]);
    const expAvgSq = graph.input(`expAvgSq/${name}`, 'float32', [size]);
    const nextExpAvg = add(mul(expAvg, beta1), mul(grad, firstFactor));
    const nextExpAvgSq = add(mul(expAvgSq, beta2), mul(mul(grad, grad), secondFactor));
    const update = mul(div(nextExpAvg, add(sqrt(nextExpAvgSq), eps)), stepSize);
    graph.output(`next/param/${name}`, sub(mul(parameters[i]!, decay), update));
    graph.output(`next/expAvg/${name}`, nextExpAvg);
    graph.output(`next/expAvgSq/${name}`, nextExpAvgSq);
  }
  return norm;
}

/** Learning rate of each class; null freezes a class: it stays as it is, and no norm counts it. */
export type LearningRates = Readonly<Record<string, number | null>>;

/**
 * The scalars that one step needs, computed in double precision.
 * @param step 1 for the first update
 */
export function adamwScalars(
  step: number,
  lrs: LearningRates,
  { betas, eps, weightDecay }: AdamWOptions,
): Record<string, number> {
  const correction1 = 1 - betas[0] ** step;
  const correction2 = Math.sqrt(1 - betas[1] ** step);
  const scalars: Record<string, number> = { 'adam/eps': eps * correction2 };
  for (const [lrClass, rate] of Object.entries(lrs)) {
    const lr = rate ?? 0;
    scalars[`adam/decay/${lrClass}`] = 1 - lr * weightDecay;
    scalars[`adam/stepSize/${lrClass}`] = (lr * correction2) / correction1;
    scalars[`adam/counts/${lrClass}`] = rate === null ? 0 : 1;
  }
  return scalars;
}
