/** @file Rows of the parity table: how far a computed tensor is from the reference, and how far it may be. */

/** One line of the table. */
export interface Row {
  readonly item: string;
  /** ‖computed − reference‖ / ‖reference‖; of scalars the worst one. */
  readonly relativeL2: number | null;
  /** Largest absolute difference of two elements. */
  readonly maxAbs: number | null;
  /** What {@link Row.measure} may be at most; 0 where it must be the same. */
  readonly tolerance: number | null;
  readonly measure: 'relativeL2' | 'maxAbs';
  readonly pass: boolean;
  /** Why an item could not be compared. */
  readonly reason?: string;
}

/** Computed values, and what the reference has in their place. */
export type Pair = readonly [computed: ArrayLike<number>, reference: ArrayLike<number>];

/** Norms in double precision over several tensors together. */
export interface Difference {
  readonly errorNorm: number;
  readonly referenceNorm: number;
  readonly maxAbs: number;
}

/** @throws {RangeError} when a tensor has another size than the reference's */
export function differ(pairs: Iterable<Pair>): Difference {
  let error = 0;
  let norm = 0;
  let maxAbs = 0;
  for (const [computed, reference] of pairs) {
    if (computed.length !== reference.length) {
      throw new RangeError(
        `${computed.length} elements were computed, the reference has ${reference.length}`,
      );
    }
    for (let i = 0; i < reference.length; i++) {
      const difference = computed[i]! - reference[i]!;
      error += difference * difference;
      norm += reference[i]! ** 2;
      // Unlike Math.max this also lets NaN through.
      if (!(Math.abs(difference) <= maxAbs)) maxAbs = Math.abs(difference);
    }
  }
  return { errorNorm: Math.sqrt(error), referenceNorm: Math.sqrt(norm), maxAbs };
}

/** An item that is judged by its relative error. */
export function relativeRow(item: string, pairs: Iterable<Pair>, tolerance: number): Row {
  const { errorNorm, referenceNorm, maxAbs } = differ(pairs);
  const relativeL2 = ratio(errorNorm, referenceNorm);
  const pass = relativeL2 <= tolerance;
  return { item, relativeL2, maxAbs, tolerance, measure: 'relativeL2', pass };
}

/** An item that is judged by its largest absolute error; with tolerance 0 it must be the same. */
export function absoluteRow(item: string, pairs: Iterable<Pair>, tolerance: number): Row {
  const { errorNorm, referenceNorm, maxAbs } = differ(pairs);
  const relativeL2 = ratio(errorNorm, referenceNorm);
  return { item, relativeL2, maxAbs, tolerance, measure: 'maxAbs', pass: maxAbs <= tolerance };
}

/** Scalars of which each must be within a relative tolerance; the row tells the worst. */
export function eachRelativeRow(item: string, pair: Pair, tolerance: number): Row {
  const [computed, reference] = pair;
  const { maxAbs } = differ([pair]);
  const errors = Array.from(reference, (value, i) =>
    ratio(Math.abs(computed[i]! - value), Math.abs(value)),
  );
  const relativeL2 = Math.max(...errors);
  const pass = relativeL2 <= tolerance;
  return { item, relativeL2, maxAbs, tolerance, measure: 'relativeL2', pass };
}

/** An item of the reference that nothing could be computed for: never passed over in silence. */
export function failedRow(item: string, reason: string): Row {
  const nothing = { relativeL2: null, maxAbs: null, tolerance: null, measure: 'maxAbs' } as const;
  return { item, ...nothing, pass: false, reason };
}

/** 0 / 0 is no error, anything else / 0 an infinite one. */
export const ratio = (error: number, norm: number): number => (error === 0 ? 0 : error / norm);
