/** @file How learning rates change over a run. */

/** Rises over `warmup` steps, then falls to 0 along a half cosine. */
export const cosineRate = (peak: number, step: number, total: number, warmup: number): number =>
  peak * Math.min(1, (step + 1) / warmup) * 0.5 * (1 + Math.cos((Math.PI * step) / total));

/**
 * Rises over `warmup` steps, stays, and falls to 0 over the last steps: a run that is given more steps later goes on at
 * the full rate.
 * @param decay share of the steps over which it falls
 * @see Hu et al. 2024, section 4, https://arxiv.org/abs/2404.06395
 */
export const stableRate = (
  peak: number,
  step: number,
  total: number,
  warmup: number,
  decay: number,
): number => peak * Math.min(1, (step + 1) / warmup, (total - step) / (decay * total));
