/** @file A training step: forward, backward and AdamW over a bank of parameters, in one session or in several. */
import { backward } from '../autograd/backward.ts';
import { Graph, type Value } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import type { Weights } from '../nn/weights.ts';
import { openRemoteSession } from '../runtime/remote-session.ts';
import {
  createResidentSession,
  type ExecutionProvider,
  type Feeds,
  type ResidentSession,
  type ResidentTensor,
  residentFrom,
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
import { NEXT, ResidentState, type TrainingState } from './training-state.ts';

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
  /** Those batches run at the same time, each in a process of its own; on the CPU. */
  inParallel?: boolean;
  provider?: ExecutionProvider;
  threads?: number;
  /** Where optimized graphs are kept; absent: nowhere. */
  graphCacheDir?: string | undefined;
}

/** The sessions of a step: all in one, or gradients and update apart, batch after batch or all at once. */
type Sessions =
  | { readonly step: ResidentSession }
  | { readonly add: ResidentSession; readonly update: ResidentSession }
  | { readonly parallel: readonly ResidentSession[]; readonly update: ResidentSession };

/** Runs training steps and owns their state. */
export class Trainer {
  readonly bank: ParameterBank;
  readonly nodeCount: number;
  readonly #state: ResidentState;
  readonly #sessions: Sessions;
  readonly #adamw: AdamWOptions;
  readonly #batches: number;
  /** What gradients are added to first. */
  readonly #zeros: Readonly<Record<string, ResidentTensor>>;

  private constructor(
    bank: ParameterBank,
    state: ResidentState,
    sessions: Sessions,
    options: AdamWOptions,
    batches: number,
    nodeCount: number,
  ) {
    this.bank = bank;
    this.#state = state;
    this.#sessions = sessions;
    this.#adamw = options;
    this.#batches = batches;
    this.#zeros = Object.fromEntries(
      batches === 1
        ? []
        : bank.groups.map(({ name, size }) => [
            `gradient/${name}`,
            residentFrom(new Float32Array(size)),
          ]),
    );
    this.nodeCount = nodeCount;
  }

  static async create(options: TrainerOptions): Promise<Trainer> {
    const adamwOptions = { ...ADAMW_DEFAULTS, ...options.adamw };
    const batches = options.gradientAccumulationSteps ?? 1;
    const bank = new ParameterBank(options.parameters);
    const { provider, threads, graphCacheDir } = options;
    const open = (graph: Graph, kept: readonly string[]) =>
      createResidentSession(
        graph,
        {
          purpose: 'training',
          ...(provider ? { provider } : {}),
          ...(threads !== undefined ? { threads } : {}),
          graphCacheDir,
        },
        kept,
      );
    const state = new ResidentState(bank, {
      step: 0,
      parameters: bank.allocate(options.initial),
      expAvg: bank.allocate(),
      expAvgSq: bank.allocate(),
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
      sessions = { step: await open(graph, state.nextNames) };
      nodeCount = graph.nodeCount();
    } else {
      const { inParallel = false } = options;
      for (const [i, { name }] of bank.groups.entries()) {
        const gradient = gradients[i]!;
        const sum = inParallel
          ? gradient
          : add(graph.input(`gradient/${name}`, 'float32', gradient.shape), gradient);
        graph.output(`${NEXT}gradient/${name}`, sum);
      }
      const flat = (kind: string) =>
        bank.groups.map(({ name, size }) => ({ name: `${kind}/${name}`, size }));
      const sums = flat(`${NEXT}gradient`);
      const update = updateGraph(bank, adamwOptions);
      const updating = await open(update, state.nextNames);
      if (inParallel) {
        const remote = () => openRemoteSession(graph, { threads }, flat('param'), sums);
        const parallel = await Promise.all(Array.from({ length: batches }, remote));
        sessions = { parallel, update: updating };
      } else {
        const names = sums.map(({ name }) => name);
        sessions = { add: await open(graph, names), update: updating };
      }
      nodeCount = graph.nodeCount() + update.nodeCount();
    }
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
    const state = this.#state;
    const list = isList(batches) ? batches : [batches];
    if (list.length !== this.#batches) {
      throw new RangeError(`step: ${list.length} batches, expected ${this.#batches}`);
    }
    const scalars = Object.entries(adamwScalars(state.step + 1, lrs, this.#adamw)).map(
      ([name, value]) => [name, { data: Float32Array.of(value), shape: [] }],
    );
    const { results, kept } = await this.#run(list, Object.fromEntries(scalars));
    const loss = scalar(results, 'loss');
    const gradNorm = scalar(results, 'gradNorm');
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      releaseAll(kept);
      throw new NonFiniteLossError(state.step, loss, gradNorm);
    }
    state.advance(kept);
    return results;
  }

  async #run(batches: readonly Feeds[], optimizer: Feeds) {
    const { tensors } = this.#state;
    if ('step' in this.#sessions) {
      return this.#sessions.step.run({ ...batches[0]!, ...optimizer }, tensors);
    }
    const parameters = pick(tensors, (name) => name.startsWith('param/'));
    const { sums, loss, reported } =
      'add' in this.#sessions
        ? await this.#addUp(this.#sessions.add, batches, parameters)
        : await addAtOnce(this.#sessions.parallel, batches, parameters);
    const { results, kept } = await this.#sessions.update.run(optimizer, { ...tensors, ...sums });
    releaseAll(sums);
    const total = { data: Float32Array.of(loss), shape: [] };
    return { results: { ...reported, ...results, loss: total }, kept };
  }

  /** Batch after batch. */
  async #addUp(
    session: ResidentSession,
    batches: readonly Feeds[],
    parameters: Readonly<Record<string, ResidentTensor>>,
  ): Promise<AddedUp> {
    let sums = this.#zeros;
    let loss = 0;
    let reported: Record<string, Tensor> = {};
    for (const batch of batches) {
      const { results, kept } = await session.run(batch, { ...parameters, ...sums });
      releaseAll(sums);
      sums = asInputs(kept);
      reported = results;
      loss += scalar(results, 'loss');
    }
    return { sums, loss, reported };
  }

  /** Parameters and moments. On a device they can be read after {@link download}, until the next step. */
  get state(): TrainingState {
    return this.#state;
  }

  /** Goes on from another state of the same parameters. */
  restore(state: TrainingState): void {
    this.#state.restore(state);
  }

  /** Brings the state into memory, where it does not lie there anyway. */
  download(): Promise<void> {
    return this.#state.download();
  }

  /** A view of one trained parameter, valid until the next step. See {@link state}. */
  parameter(name: string): Float32Array {
    return this.bank.view(this.state.parameters, name);
  }

  async close(): Promise<void> {
    for (const session of Object.values(this.#sessions).flat()) await session.close();
  }
}

/** Gradients and losses of a step's batches. */
interface AddedUp {
  readonly sums: Readonly<Record<string, ResidentTensor>>;
  readonly loss: number;
  /** What the last batch gave. */
  readonly reported: Record<string, Tensor>;
}

/** Outputs under the names of the inputs whose place they take. */
const asInputs = (kept: Readonly<Record<string, ResidentTensor>>) =>
  Object.fromEntries(Object.entries(kept).map(([name, sum]) => [name.slice(NEXT.length), sum]));

/** Every batch in its own session, all at the same time. */
async function addAtOnce(
  sessions: readonly ResidentSession[],
  batches: readonly Feeds[],
  parameters: Readonly<Record<string, ResidentTensor>>,
): Promise<AddedUp> {
  const runs = await Promise.all(
    sessions.map((session, i) => session.run(batches[i]!, parameters)),
  );
  const [first, ...others] = runs.map(({ kept }) => kept);
  for (const kept of others) {
    for (const [name, { data }] of Object.entries(kept)) {
      const sum = first![name]!.data;
      for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!;
    }
  }
  return {
    sums: asInputs(first!),
    loss: runs.reduce((sum, { results }) => sum + scalar(results, 'loss'), 0),
    reported: runs.at(-1)!.results,
  };
}

const releaseAll = (tensors: Readonly<Record<string, ResidentTensor>>): void => {
  for (const tensor of Object.values(tensors)) tensor.release();
};

const pick = <T>(record: Readonly<Record<string, T>>, wanted: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => wanted(name)));

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
