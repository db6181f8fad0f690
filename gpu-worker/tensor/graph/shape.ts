/** @file Shape arithmetic shared by the op emitters. */

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Shape of a NumPy-style broadcast.
 * @throws {RangeError} when two sizes differ and neither is 1
 */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const sizeA = a[i - rank + a.length] ?? 1;
    const sizeB = b[i - rank + b.length] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new RangeError(`broadcast: [${a}] and [${b}] do not fit`);
    }
    return sizeA === 1 ? sizeB : sizeA;
  });
}

/** Turns negative axes into positive ones, sorted. */
export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  return axes
    .map((axis) => {
      const positive = axis < 0 ? axis + rank : axis;
      if (positive < 0 || positive >= rank)
        throw new RangeError(`axis ${axis} is outside rank ${rank}`);
      return positive;
    })
    .sort((a, b) => a - b);
}

/** True when both shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
