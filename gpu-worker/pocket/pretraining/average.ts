/** @file Exponential moving average of trained weights: smoother than the last step's. */
import type { Trainer } from '../../tensor/optim/trainer.ts';

/** θ̄ ← d·θ̄ + (1 − d)·θ, updated every `interval` steps with d = decay^interval. */
export class WeightAverage {
  readonly arrays: Float32Array[];
  readonly #interval: number;
  readonly #decay: number;

  constructor(trainer: Trainer, decay: number, interval: number) {
    this.arrays = trainer.state.parameters.map((array) => array.slice());
    this.#decay = decay;
    this.#interval = interval;
  }

  /** Call after each step. Early on the decay is lower, so that the first weights are forgotten. */
  update({ state }: Trainer): void {
    if (state.step % this.#interval !== 0) return;
    const decay = Math.min(this.#decay, (1 + state.step) / (10 + state.step)) ** this.#interval;
    for (const [i, average] of this.arrays.entries()) {
      const current = state.parameters[i]!;
      for (let k = 0; k < average.length; k++)
        average[k]! += (1 - decay) * (current[k]! - average[k]!);
    }
  }
}
