/** @file What `probe-step.ts` must come to, for a process that does not load the runtime. */
import type { ExecutionProvider } from '../tensor/runtime/providers.ts';

/** Losses of three steps, and the gradient's norm before each, as torch computes them in double precision. */
export const KNOWN_RESULT = [
  0.8058643579364786, 0.6913953691572461, 0.652154886641134, 10.071881695954858, 3.3579445267161905,
  3.567541281218616,
];
/**
 * By how much of its size a number may differ: providers add up in another order, some approximate exp
 * and division, and CUDA multiplies with 10 bits of mantissa on cards since Ampere.
 */
export const PROBE_TOLERANCE: Readonly<Record<ExecutionProvider, number>> = {
  cpu: 1e-4,
  webgpu: 1e-3,
  cuda: 2e-2,
};
