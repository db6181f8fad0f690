/** @file What `probe-step.ts` must come to, for a process that does not load the runtime. */

/** Losses of three steps, and the gradient's norm before each, as torch computes them in double precision. */
export const KNOWN_RESULT = [
  0.8058643579364786, 0.6913953691572461, 0.652154886641134, 10.071881695954858, 3.3579445267161905,
  3.567541281218616,
];
/** Providers add up in another order, and some approximate exp and division. */
export const PROBE_TOLERANCE = 1e-3;
