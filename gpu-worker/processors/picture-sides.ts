/** @file From an aspect to pixels: as many as the base was made for, in sides that it can draw. Pure. */
import type { Aspect } from '#db/jobs/render-prompt.ts';

/**
 * @param base.size edge of the square that the base was made for, pixels
 * @param base.sideStep every side is a multiple of it, pixels
 * @returns sides whose product is about `size²`; their ratio is as near as the step allows
 */
export function sidesOf(
  aspect: Aspect,
  base: { readonly size: number; readonly sideStep: number },
): { width: number; height: number } {
  const [across = 1, down = 1] = aspect.split(':').map(Number);
  const stretch = Math.sqrt(across / down);
  const rounded = (side: number) => Math.max(1, Math.round(side / base.sideStep)) * base.sideStep;
  return { width: rounded(base.size * stretch), height: rounded(base.size / stretch) };
}
