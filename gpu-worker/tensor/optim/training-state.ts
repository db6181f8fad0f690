/** @file Parameters and moments of a training, which stay where its session runs. */
import { type ResidentTensor, residentFrom } from '../runtime/session.ts';
import type { ParameterBank } from './parameter-bank.ts';

/** Everything that a training needs to go on where it stopped: one array for each of the bank's groups. */
export interface TrainingState {
  /** Updates made so far. */
  readonly step: number;
  readonly parameters: readonly Float32Array[];
  readonly expAvg: readonly Float32Array[];
  readonly expAvgSq: readonly Float32Array[];
}

/** What the graph calls them. */
const INPUTS = { parameters: 'param', expAvg: 'expAvg', expAvgSq: 'expAvgSq' } as const;

/** Outputs are called like the inputs whose place they take, after this. */
export const NEXT = 'next/';

/**
 * The state between two steps. Its arrays can be read where they lie in memory; on a device only after
 * a download, until the next step.
 */
export class ResidentState implements TrainingState {
  #step: number;
  readonly #groups: readonly string[];
  #tensors: Record<string, ResidentTensor>;

  constructor(bank: ParameterBank, state: TrainingState) {
    this.#groups = bank.groups.map(({ name }) => name);
    this.#step = state.step;
    this.#tensors = this.#wrap(state);
  }

  get step(): number {
    return this.#step;
  }

  get parameters(): Float32Array[] {
    return this.#arrays('parameters');
  }

  get expAvg(): Float32Array[] {
    return this.#arrays('expAvg');
  }

  get expAvgSq(): Float32Array[] {
    return this.#arrays('expAvgSq');
  }

  /** By the names of the graph's inputs. */
  get tensors(): Readonly<Record<string, ResidentTensor>> {
    return this.#tensors;
  }

  /** Names of the graph's outputs that take the state's place. */
  get nextNames(): string[] {
    return Object.keys(this.#tensors).map((name) => NEXT + name);
  }

  /** Takes up what a step has made of the state, and lets the former one go. */
  advance(next: Readonly<Record<string, ResidentTensor>>): void {
    const taken = Object.keys(this.#tensors).map((name) => [name, next[NEXT + name]!] as const);
    this.#replace(Object.fromEntries(taken));
    this.#step += 1;
  }

  /** Goes on from another state. */
  restore(state: TrainingState): void {
    this.#replace(this.#wrap(state));
    this.#step = state.step;
  }

  /** Brings the values into memory. */
  async download(): Promise<void> {
    for (const tensor of Object.values(this.#tensors)) await tensor.download();
  }

  #replace(tensors: Record<string, ResidentTensor>): void {
    for (const tensor of Object.values(this.#tensors)) tensor.release();
    this.#tensors = tensors;
  }

  #wrap(state: TrainingState): Record<string, ResidentTensor> {
    return Object.fromEntries(
      Object.entries(INPUTS).flatMap(([kind, input]) =>
        state[kind as keyof typeof INPUTS].map((data, i) => [
          `${input}/${this.#groups[i]!}`,
          residentFrom(data),
        ]),
      ),
    );
  }

  #arrays(kind: keyof typeof INPUTS): Float32Array[] {
    return this.#groups.map((name) => this.#tensors[`${INPUTS[kind]}/${name}`]!.data);
  }
}
