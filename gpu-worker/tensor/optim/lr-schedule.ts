/** @file Learning-rate schedules: the factor of the base rate at each update. */

export const LR_SCHEDULERS = [
  'constant',
  'constant_with_warmup',
  'linear',
  'cosine',
  'cosine_with_restarts',
  'polynomial',
] as const;
export type LrSchedulerName = (typeof LR_SCHEDULERS)[number];

export interface LrSchedule {
  readonly name: LrSchedulerName;
  /** Updates of the whole training. */
  readonly totalSteps: number;
  /** Updates over which the rate rises from 0; without effect for `constant`. */
  readonly warmupSteps: number;
  /** How often `cosine_with_restarts` falls. */
  readonly numCycles: number;
  /** Exponent of `polynomial`. */
  readonly power: number;
}

/** The rate that `polynomial` ends at. */
const POLYNOMIAL_END = 1e-7;

/**
 * @param step updates made so far
 * @param baseLr only `polynomial` depends on it
 * @returns what the base rate is multiplied by, in [0, 1]
 * @throws {RangeError} when `polynomial` begins at or below the rate that it ends at
 * @see diffusers `src/diffusers/optimization.py`
 */
export function lrFactor(schedule: LrSchedule, step: number, baseLr: number): number {
  const { name, totalSteps, warmupSteps } = schedule;
  if (name === 'constant') return 1;
  if (step < warmupSteps) return step / warmupSteps;
  if (name === 'constant_with_warmup') return 1;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  switch (name) {
    case 'linear':
      return 1 - progress;
    case 'cosine':
      return halfCosine(progress);
    case 'cosine_with_restarts':
      return progress === 1 ? 0 : halfCosine((schedule.numCycles * progress) % 1);
    case 'polynomial': {
      if (baseLr <= POLYNOMIAL_END) {
        throw new RangeError(
          `polynomial: expected a learning rate above ${POLYNOMIAL_END}, got ${baseLr}`,
        );
      }
      const end = POLYNOMIAL_END / baseLr;
      return (1 - end) * (1 - progress) ** schedule.power + end;
    }
  }
}

/** From 1 at progress 0 to 0 at progress 1. */
const halfCosine = (progress: number): number => (1 + Math.cos(Math.PI * progress)) / 2;
