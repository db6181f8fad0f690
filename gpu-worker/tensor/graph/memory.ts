/** @file How much memory the results of a graph's nodes take while it runs. */
import type { OnnxNode } from '../onnx/model.ts';

/**
 * The most elements that are there at one time, each result from where it is made to its last use.
 *
 * @param nodes in the order in which they run
 * @param outputs names that stay to the end
 * @param elementsOf elements of a node's output
 */
export function peakElements(
  nodes: readonly OnnxNode[],
  outputs: Iterable<string>,
  elementsOf: (name: string) => number,
): number {
  // 1. where each result lies: a Reshape is its input in another shape
  const places = new Map<string, string>();
  const placeOf = (name: string): string => places.get(name) ?? name;
  // 2. when each place is used for the last time
  const lastUse = new Map<string, number>();
  for (const [i, { opType, inputs, outputs: made }] of nodes.entries()) {
    if (opType === 'Reshape') places.set(made[0]!, placeOf(inputs[0]!));
    for (const name of [...inputs, ...made]) lastUse.set(placeOf(name), i);
  }
  for (const name of outputs) lastUse.set(placeOf(name), nodes.length);
  // 3. what is there after each node
  const held = new Map<string, number>();
  let [elements, peak] = [0, 0];
  for (const [i, { opType, inputs, outputs: made }] of nodes.entries()) {
    for (const name of opType === 'Reshape' ? [] : made.filter((output) => output !== '')) {
      held.set(name, elementsOf(name));
      elements += elementsOf(name);
    }
    peak = Math.max(peak, elements);
    for (const place of [...inputs, ...made].map(placeOf)) {
      if (lastUse.get(place) !== i) continue;
      elements -= held.get(place) ?? 0;
      held.delete(place);
    }
  }
  return peak;
}
