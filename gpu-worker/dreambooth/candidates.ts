/** @file Candidates: weights that a training keeps on its way, so that the best of them can be chosen at its end. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { readSafetensorsHeader } from '../diffusion/weights/safetensors.ts';
import type { Learner } from './learner.ts';

/** Weights as they were after a step. */
export interface Candidate {
  readonly step: number;
  readonly file: string;
}

/** @returns `count` evenly spaced steps, the last one included; fewer where there are fewer steps */
export function candidateSteps(maxTrainSteps: number, count: number): number[] {
  const steps = Array.from({ length: count }, (_, i) =>
    Math.round(((i + 1) * maxTrainSteps) / count),
  );
  return [...new Set(steps.filter((step) => step > 0))];
}

/**
 * The weights that one training keeps before its last step, beside the states that it can be resumed
 * from: a resumed training has those of the attempts before it.
 */
export class Candidates {
  readonly #dir: string;
  readonly #details: Readonly<Record<string, string>>;
  readonly #fingerprint: string;
  readonly #steps: ReadonlySet<number>;

  /**
   * @param workDir of the training
   * @param details identifier, class noun, hash of the base
   * @param fingerprint of the training: the candidates of another one do not count
   * @param steps after which weights are kept
   */
  constructor(
    workDir: string,
    details: Readonly<Record<string, string>>,
    fingerprint: string,
    steps: readonly number[],
  ) {
    this.#dir = path.join(workDir, 'candidates');
    this.#details = details;
    this.#fingerprint = fingerprint;
    this.#steps = new Set(steps);
  }

  /** Whether the weights after a step are to be kept. */
  isDue(step: number): boolean {
    return this.#steps.has(step);
  }

  /**
   * Keeps the weights as they are; written anew where an attempt before did so already.
   * @returns the file
   */
  keep(learner: Pick<Learner, 'writeArtifact'>, step: number): string {
    const file = this.#fileOf(step);
    mkdirSync(this.#dir, { recursive: true });
    learner.writeArtifact(file, {
      ...this.#details,
      steps: String(step),
      training: this.#fingerprint,
    });
    return file;
  }

  /** @returns what this training has kept before a step, in order */
  before(lastStep: number): Candidate[] {
    return [...this.#steps]
      .filter((step) => step < lastStep && this.#isKept(step))
      .map((step) => ({ step, file: this.#fileOf(step) }));
  }

  #fileOf(step: number): string {
    return path.join(this.#dir, `step-${step}.safetensors`);
  }

  #isKept(step: number): boolean {
    const file = this.#fileOf(step);
    return existsSync(file) && readSafetensorsHeader(file).metadata.training === this.#fingerprint;
  }
}
