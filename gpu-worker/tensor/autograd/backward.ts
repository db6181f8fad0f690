/** @file Reverse-mode differentiation: walks the tape backwards and lets each op's rule add nodes. */
import type { Graph, Segment, TapeEntry, Value } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import { concat, expand } from '../graph/ops/movement.ts';
import { sizeOf } from '../graph/shape.ts';
import { type Grad, type PartialGrad, type VjpRule, vjpRules } from './vjp-rules.ts';
import { zeroAfter } from './zero-after.ts';

/**
 * Adds the gradients of a scalar to its graph.
 *
 * @param loss float32 scalar (one element)
 * @param wrt values to differentiate by, in any number
 * @returns one gradient for each of `wrt`, same shapes
 * @throws {Error} when the loss does not depend on one of them
 */
export function backward(loss: Value, wrt: readonly Value[]): Value[] {
  if (sizeOf(loss.shape) !== 1)
    throw new RangeError(`backward: the loss has shape [${loss.shape}], expected one element`);
  const { graph } = loss;
  const tape = [...graph.tape];

  const dependent = new Set(wrt.map((value) => value.name));
  for (const { inputs, output } of tape) {
    if (inputs.some((input) => dependent.has(input.name))) dependent.add(output.name);
  }

  const gradients = new Map<string, Grad[]>();
  gradients.set(loss.name, [expand(graph.constant(1), loss.shape)]);
  const recompute = recomputation(graph);
  for (const [position, entry] of [...tape.entries()].reverse()) {
    const incoming = gradients.get(entry.output.name);
    if (!incoming || !dependent.has(entry.output.name)) continue;
    const needs = entry.inputs.map((input) => dependent.has(input.name));
    const rule: VjpRule = vjpRules[entry.op];
    const gradOutput = sum(entry.output, incoming);
    const grads = rule(recompute(position, entry, gradOutput), gradOutput, needs);
    for (const [i, input] of entry.inputs.entries()) {
      const grad = grads[i];
      if (!needs[i] || grad === undefined) continue;
      const list = gradients.get(input.name);
      if (list) list.push(grad);
      else gradients.set(input.name, [grad]);
    }
    gradients.delete(entry.output.name);
    if (wrt.some((value) => value.name === entry.output.name)) {
      throw new Error(`backward: ${entry.output.name} is computed, not a leaf`);
    }
  }

  return wrt.map((value) => {
    const grads = gradients.get(value.name);
    if (!grads) throw new Error(`backward: the loss does not depend on ${value.name}`);
    return sum(value, grads);
  });
}

/**
 * Gives the rules a tape whose checkpointed segments are computed again, each when the backward pass
 * reaches it.
 *
 * To keep the runtime from computing a segment early, its inputs wait for the incoming gradient.
 *
 * @see Chen et al. 2016, https://arxiv.org/abs/1604.06174
 */
function recomputation(graph: Graph) {
  const replays = new Map<Segment, ReadonlyMap<string, Value>>();
  return (position: number, entry: TapeEntry, gradOutput: Value): TapeEntry => {
    const segment = graph.segments.find(
      ({ tape: [first, end] }) => position >= first && position < end,
    );
    if (!segment) return entry;
    let replayed = replays.get(segment);
    if (!replayed) {
      const zero = zeroAfter(gradOutput);
      replayed = graph.replay(
        segment,
        new Map(segment.inputs.map((input) => [input.name, add(input, zero)])),
      );
      replays.set(segment, replayed);
    }
    const standIn = (value: Value) => replayed.get(value.name) ?? value;
    return {
      ...entry,
      inputs: entry.inputs.map(standIn),
      output: standIn(entry.output),
      saved: entry.saved.map(standIn),
    };
  };
}

/** Adds up all contributions to the gradient of `target`. */
function sum(target: Value, grads: readonly Grad[]): Value {
  const partial = grads.filter((grad): grad is PartialGrad => 'axis' in grad);
  const dense = grads.filter((grad): grad is Value => !('axis' in grad));
  return [...dense, ...assemble(target, partial)].reduce((a, b) => add(a, b));
}

/** Joins gradients of disjoint slices into whole ones, with zeros where no slice was taken. */
function assemble(target: Value, partial: readonly PartialGrad[]): Value[] {
  const wholes: Value[] = [];
  let rest = [...partial].sort((a, b) => a.axis - b.axis || a.start - b.start);
  while (rest.length > 0) {
    const { axis } = rest[0]!;
    const pieces: Value[] = [];
    const later: PartialGrad[] = [];
    let position = 0;
    const zeros = (length: number) =>
      expand(target.graph.constant(0), target.shape.with(axis, length));
    for (const grad of rest) {
      if (grad.axis !== axis || grad.start < position) {
        later.push(grad);
        continue;
      }
      if (grad.start > position) pieces.push(zeros(grad.start - position));
      pieces.push(grad.grad);
      position = grad.end;
    }
    const size = target.shape[axis]!;
    if (position < size) pieces.push(zeros(size - position));
    wholes.push(concat(pieces, axis));
    rest = later;
  }
  return wholes;
}
