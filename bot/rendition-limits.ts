/** @file What one prompt may ask for: the defaults, and the limits that a deployment can set. */

/** See the file's head. */
export interface RenditionLimits {
  /** Pictures of one prompt. */
  readonly maxCount: number;
  /** Sampling steps of a picture. */
  readonly maxSteps: number;
  /** Renditions that a user may have waiting or running. */
  readonly maxOpen: number;
}

/** Where the deployment says nothing. */
export const defaultRenditionLimits: RenditionLimits = { maxCount: 4, maxSteps: 50, maxOpen: 25 };

/** Where the user says nothing; what is not here depends on the base, and the worker knows it. */
export const renditionDefaults = { count: 1, strength: 0.6 } as const;

/** How far to go from a picture that is varied. */
export const varyStrengths = { subtle: 0.4, strong: 0.75 } as const;

/** Of an enlarged picture: as PNG it must stay below the 10 MiB that Discord takes, at two bytes a pixel and more. */
export const largestPixels = 2048 * 2048 * 1.1;

/** What Discord's own checks hold options to, whatever the deployment allows. */
export const optionRanges = {
  count: { min: 1, max: 4 },
  steps: { min: 1, max: 150 },
  guidance: { min: 0, max: 30 },
  seed: { min: 0, max: 2 ** 32 - 1 },
  strength: { min: 0.05, max: 1 },
  negativeLength: 1000,
} as const;
