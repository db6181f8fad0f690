/** @file What the judges are trained to minimise. */
import type { Value } from '../../tensor/graph/graph.ts';
import { add, mul, sub } from '../../tensor/graph/ops/elementwise.ts';
import { matMul } from '../../tensor/graph/ops/linalg.ts';
import { slice, transpose } from '../../tensor/graph/ops/movement.ts';
import { logSoftmax } from '../../tensor/graph/ops/normalization.ts';
import { reduceMean, reduceSum } from '../../tensor/graph/ops/reduction.ts';
import { ATTRIBUTE_NAMES, CHOICE_RANGES } from './attributes.ts';

/**
 * −Σ target · log softmax(logits), the mean over the rows. A row of zeros asks for nothing.
 * @param logits `[n, choices]`
 * @param targets probabilities, `[n, choices]`
 */
export function crossEntropy(logits: Value, targets: Value): Value {
  const total = reduceSum(mul(targets, logSoftmax(logits)));
  return mul(total, -1 / logits.shape[0]!);
}

/** Cross-entropy of each attribute's choices, added up. Both `[n, CHOICE_COUNT]`. */
export function attributeLoss(logits: Value, targets: Value): Value {
  return ATTRIBUTE_NAMES.map((name) => {
    const [first, end] = CHOICE_RANGES[name];
    return crossEntropy(slice(logits, 1, first, end), slice(targets, 1, first, end));
  }).reduce((a, b) => add(a, b));
}

/** Excludes a picture from its own neighbours. */
const EXCLUDED = -1e4;

/**
 * Supervised contrastive loss: pictures of one subject lie nearer to each other than to all others.
 * @param identity length 1, `[n, width]`
 * @param partners row i spreads 1 over the other pictures of i's subject, `[n, n]`
 * @see Khosla et al. 2020, eq. 2, https://arxiv.org/abs/2004.11362
 */
export function identityLoss(identity: Value, partners: Value, temperature: number): Value {
  const n = identity.shape[0]!;
  const itself = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? EXCLUDED : 0));
  const similarity = mul(matMul(identity, transpose(identity, [1, 0])), 1 / temperature);
  return crossEntropy(add(similarity, identity.graph.constant(itself, [n, n])), partners);
}

/**
 * Contrastive loss of pictures and captions, in both directions.
 * @param semantic length 1, `[n, width]`
 * @param text length 1, `[n, width]`
 * @param partners row i spreads 1 over the captions that read like i's, `[n, n]`, symmetric
 * @see Radford et al. 2021, figure 3, https://arxiv.org/abs/2103.00020
 */
export function captionLoss(
  semantic: Value,
  text: Value,
  partners: Value,
  temperature: number,
): Value {
  const logits = mul(matMul(semantic, transpose(text, [1, 0])), 1 / temperature);
  const both = add(
    crossEntropy(logits, partners),
    crossEntropy(transpose(logits, [1, 0]), partners),
  );
  return mul(both, 0.5);
}

/** Squared error where `shown` is 1. All `[n, LOOKS]`. */
export function looksLoss(guess: Value, looks: Value, shown: Value): Value {
  const error = sub(guess, looks);
  return reduceMean(mul(mul(error, error), shown));
}
