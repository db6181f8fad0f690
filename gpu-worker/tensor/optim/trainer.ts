/** @file A training step as one session: forward, backward and AdamW over a bank of parameters. */
import { backward } from '../autograd/backward.ts';
import { Graph, type Value } from '../graph/graph.ts';
import type { Weights } from '../nn/weights.ts';
import {
  createSession,
  type ExecutionProvider,
  type Feeds,
  type Session,
  type Tensor,
} from '../runtime/session.ts';
import { ADAMW_DEFAULTS, type AdamWOptions, adamw, adamwScalars } from './adamw.ts';
import { ParameterBank, type ParameterSpec } from './parameter-bank.ts';

/** Everything that a training needs to go on where it stopped. */
export interface TrainingState {
  /** Updates made so far. */
  step: number;
  readonly parameters: Float32Array[];
  readonly expAvg: Float32Array[];
  readonly expAvgSq: Float32Array[];
}

export interface TrainerOptions {
  parameters: readonly ParameterSpec[];
  /** First values of a parameter. */
  initial: (name: string) => Float32Array;
  /** Adds the forward pass to the graph. Outputs are extra values to report beside the loss. */
  build: (
    graph: Graph,
    weights: Weights,
  ) => { loss: Value; outputs?: Readonly<Record<string, Value>> };
  adamw?: Partial<AdamWOptions>;
  provider?: ExecutionProvider;
  threads?: number;
}

/** Runs training steps and owns their state. */
export class Trainer {
  readonly bank: ParameterBank;
  readonly state: TrainingState;
  readonly nodeCount: number;
  readonly #session: Session;
  readonly #adamw: AdamWOptions;

  private constructor(
    bank: ParameterBank,
    state: TrainingState,
    session: Session,
    options: AdamWOptions,
    nodeCount: number,
  ) {
    this.bank = bank;
    this.state = state;
    this.#session = session;
    this.#adamw = options;
    this.nodeCount = nodeCount;
  }

  static async create(options: TrainerOptions): Promise<Trainer> {
    const adamwOptions = { ...ADAMW_DEFAULTS, ...options.adamw };
    const bank = new ParameterBank(options.parameters);
    const graph = new Graph();
    const { inputs, weights, values } = bank.declare(graph);
    const { loss, outputs = {} } = options.build(graph, weights);
    const names = [...values.keys()];
    const grads = backward(
      loss,
      names.map((name) => values.get(name)!),
    );
    const gradNorm = adamw(
      graph,
      bank,
      inputs,
      new Map(names.map((name, i) => [name, grads[i]!])),
      adamwOptions,
    );
    for (const [name, value] of Object.entries({ ...outputs, loss, gradNorm }))
      graph.output(name, value);
    const { provider, threads } = options;
    const session = await createSession(graph, {
      purpose: 'training',
      ...(provider ? { provider } : {}),
      ...(threads !== undefined ? { threads } : {}),
    });
    const state = {
      step: 0,
      parameters: bank.allocate(options.initial),
      expAvg: bank.allocate(),
      expAvgSq: bank.allocate(),
    };
    return new Trainer(bank, state, session, adamwOptions, graph.nodeCount());
  }

  /**
   * Makes one update.
   * @param feeds the inputs that `build` declared
   * @param lrs learning rate of each class
   * @returns `loss`, `gradNorm` and the outputs that `build` named
   * @throws {NonFiniteLossError} when the loss or the gradient is not finite; the state is unchanged
   */
  async step(feeds: Feeds, lrs: Readonly<Record<string, number>>): Promise<Record<string, Tensor>> {
    const { state, bank } = this;
    const all: Record<string, Tensor> = { ...feeds };
    for (const [name, value] of Object.entries(adamwScalars(state.step + 1, lrs, this.#adamw))) {
      all[name] = { data: Float32Array.of(value), shape: [] };
    }
    const kinds = ['expAvg', 'expAvgSq'] as const;
    for (const [i, group] of bank.groups.entries()) {
      const shape = bank.groupShape(group);
      all[`param/${group.name}`] = { data: state.parameters[i]!, shape };
      for (const kind of kinds) all[`${kind}/${group.name}`] = { data: state[kind][i]!, shape };
    }
    const results = await this.#session.run(all);
    const loss = scalar(results, 'loss');
    const gradNorm = scalar(results, 'gradNorm');
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      throw new NonFiniteLossError(state.step, loss, gradNorm);
    }
    for (const [i, { name }] of bank.groups.entries()) {
      state.parameters[i] = results[`next/param/${name}`]!.data as Float32Array;
      for (const kind of kinds)
        state[kind][i] = results[`next/${kind}/${name}`]!.data as Float32Array;
    }
    state.step += 1;
    return results;
  }

  /** A view of one trained parameter, valid until the next step. */
  parameter(name: string): Float32Array {
    return this.bank.view(this.state.parameters, name);
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

/** The loss or the gradient became NaN or infinite. */
export class NonFiniteLossError extends Error {
  constructor(step: number, loss: number, gradNorm: number) {
    super(
      `the loss is ${loss} and the gradient norm ${gradNorm} after ${step} good steps; lower the learning rate`,
    );
    this.name = 'NonFiniteLossError';
  }
}

/** Reads a one-element result. */
export function scalar(results: Readonly<Record<string, Tensor>>, name: string): number {
  const tensor = results[name];
  if (!tensor) throw new Error(`the graph has no output ${name}`);
  return tensor.data[0]!;
}
