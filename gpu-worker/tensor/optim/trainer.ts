/** @file A training step as one session: forward, backward and AdamW over a bank of parameters. */
import { backward } from '../autograd/backward.ts';
import { Graph, type Value } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import type { Weights } from '../nn/weights.ts';
import {
  createSession,
  type ExecutionProvider,
  type Feeds,
  type Session,
  type Tensor,
} from '../runtime/session.ts';
import {
  ADAMW_DEFAULTS,
  type AdamWOptions,
  adamw,
  adamwScalars,
  type LearningRates,
} from './adamw.ts';
import { ParameterBank, type ParameterSpec } from './parameter-bank.ts';

const MOMENTS = ['expAvg', 'expAvgSq'] as const;

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
  /** Batches whose gradients are added up before an update; 1 by default. */
  gradientAccumulationSteps?: number;
  provider?: ExecutionProvider;
  threads?: number;
}

/** The sessions of a step: all in one, or gradients and update apart where gradients are added up. */
type Sessions = { readonly step: Session } | { readonly add: Session; readonly update: Session };

/** Runs training steps and owns their state. */
export class Trainer {
  readonly bank: ParameterBank;
  readonly state: TrainingState;
  readonly nodeCount: number;
  readonly #sessions: Sessions;
  readonly #adamw: AdamWOptions;
  readonly #batches: number;

  private constructor(
    bank: ParameterBank,
    state: TrainingState,
    sessions: Sessions,
    options: AdamWOptions,
    batches: number,
    nodeCount: number,
  ) {
    this.bank = bank;
    this.state = state;
    this.#sessions = sessions;
    this.#adamw = options;
    this.#batches = batches;
    this.nodeCount = nodeCount;
  }

  static async create(options: TrainerOptions): Promise<Trainer> {
    const adamwOptions = { ...ADAMW_DEFAULTS, ...options.adamw };
    const batches = options.gradientAccumulationSteps ?? 1;
    const bank = new ParameterBank(options.parameters);
    const { provider, threads } = options;
    const open = (graph: Graph) =>
      createSession(graph, {
        purpose: 'training',
        ...(provider ? { provider } : {}),
        ...(threads !== undefined ? { threads } : {}),
      });

    const graph = new Graph();
    const { inputs, weights, values } = bank.declare(graph);
    const { loss, outputs = {} } = options.build(graph, weights);
    const names = [...values.keys()];
    const grads = backward(
      loss,
      names.map((name) => values.get(name)!),
    );
    const gradients = bank.join(new Map(names.map((name, i) => [name, grads[i]!])));
    for (const [name, value] of Object.entries({ ...outputs, loss })) graph.output(name, value);

    let sessions: Sessions;
    let nodeCount: number;
    if (batches === 1) {
      graph.output('gradNorm', adamw(graph, bank, inputs, gradients, adamwOptions));
      sessions = { step: await open(graph) };
      nodeCount = graph.nodeCount();
    } else {
      for (const [i, { name }] of bank.groups.entries()) {
        const sum = graph.input(`gradient/${name}`, 'float32', gradients[i]!.shape);
        graph.output(`next/gradient/${name}`, add(sum, gradients[i]!));
      }
      const update = updateGraph(bank, adamwOptions);
      sessions = { add: await open(graph), update: await open(update) };
      nodeCount = graph.nodeCount() + update.nodeCount();
    }
    const state = {
      step: 0,
      parameters: bank.allocate(options.initial),
      expAvg: bank.allocate(),
      expAvgSq: bank.allocate(),
    };
    return new Trainer(bank, state, sessions, adamwOptions, batches, nodeCount);
  }

  /**
   * Makes one update.
   * @param batches the inputs that `build` declared; one for each of `gradientAccumulationSteps`,
   *   whose losses add up
   * @param lrs learning rate of each class
   * @returns `loss`, `gradNorm` and, of the last batch, the outputs that `build` named
   * @throws {NonFiniteLossError} when the loss or the gradient is not finite; the state is unchanged
   */
  async step(
    batches: Feeds | readonly Feeds[],
    lrs: LearningRates,
  ): Promise<Record<string, Tensor>> {
    const { state, bank } = this;
    const list = isList(batches) ? batches : [batches];
    if (list.length !== this.#batches) {
      throw new RangeError(`step: ${list.length} batches, expected ${this.#batches}`);
    }
    const results = await this.#run(list, this.#optimizerFeeds(lrs));
    const loss = scalar(results, 'loss');
    const gradNorm = scalar(results, 'gradNorm');
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      throw new NonFiniteLossError(state.step, loss, gradNorm);
    }
    for (const [i, { name }] of bank.groups.entries()) {
      state.parameters[i] = results[`next/param/${name}`]!.data as Float32Array;
      for (const kind of MOMENTS)
        state[kind][i] = results[`next/${kind}/${name}`]!.data as Float32Array;
    }
    state.step += 1;
    return results;
  }

  async #run(
    batches: readonly Feeds[],
    optimizer: Feeds,
  ): Promise<Readonly<Record<string, Tensor>>> {
    const parameters = this.#groupFeeds('param', this.state.parameters);
    if ('step' in this.#sessions) {
      return this.#sessions.step.run({ ...batches[0]!, ...parameters, ...optimizer });
    }
    const { add, update } = this.#sessions;
    const { groups } = this.bank;
    let sums = this.bank.allocate();
    let loss = 0;
    let reported: Record<string, Tensor> = {};
    for (const batch of batches) {
      reported = await add.run({ ...batch, ...parameters, ...this.#groupFeeds('gradient', sums) });
      sums = groups.map(({ name }) => reported[`next/gradient/${name}`]!.data as Float32Array);
      loss += scalar(reported, 'loss');
    }
    const gradients = this.#groupFeeds('gradient', sums);
    const updated = await update.run({ ...parameters, ...gradients, ...optimizer });
    return { ...reported, ...updated, loss: { data: Float32Array.of(loss), shape: [] } };
  }

  #optimizerFeeds(lrs: LearningRates): Feeds {
    const scalars = Object.entries(adamwScalars(this.state.step + 1, lrs, this.#adamw));
    return {
      ...Object.fromEntries(
        scalars.map(([name, value]) => [name, { data: Float32Array.of(value), shape: [] }]),
      ),
      ...this.#groupFeeds('expAvg', this.state.expAvg),
      ...this.#groupFeeds('expAvgSq', this.state.expAvgSq),
    };
  }

  #groupFeeds(kind: string, arrays: readonly Float32Array[]): Feeds {
    return Object.fromEntries(
      this.bank.groups.map((group, i) => [
        `${kind}/${group.name}`,
        { data: arrays[i]!, shape: [group.size] },
      ]),
    );
  }

  /** A view of one trained parameter, valid until the next step. */
  parameter(name: string): Float32Array {
    return this.bank.view(this.state.parameters, name);
  }

  async close(): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session.close();
  }
}

/** AdamW alone, on gradients that were added up before. */
function updateGraph(bank: ParameterBank, options: AdamWOptions): Graph {
  const graph = new Graph();
  const inputsOf = (kind: string) =>
    bank.groups.map(({ name, size }) => graph.input(`${kind}/${name}`, 'float32', [size]));
  graph.output('gradNorm', adamw(graph, bank, inputsOf('param'), inputsOf('gradient'), options));
  return graph;
}

const isList = (batches: Feeds | readonly Feeds[]): batches is readonly Feeds[] =>
  Array.isArray(batches);

/** The loss or the gradient became NaN or infinite. */
export class NonFiniteLossError extends Error {
  override readonly name = 'NonFiniteLossError';
  readonly loss: number;
  readonly gradNorm: number;

  /** @param step updates made before */
  constructor(step: number, loss: number, gradNorm: number) {
    super(`the loss is ${loss} and the gradient norm ${gradNorm} after ${step} good steps`);
    this.loss = loss;
    this.gradNorm = gradNorm;
  }
}

/** Reads a one-element result. */
export function scalar(results: Readonly<Record<string, Tensor>>, name: string): number {
  const tensor = results[name];
  if (!tensor) throw new Error(`the graph has no output ${name}`);
  return tensor.data[0]!;
}
