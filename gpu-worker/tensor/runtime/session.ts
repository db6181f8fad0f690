/** @file The one gateway to ONNX Runtime: provider table, session options, typed tensors in and out. */
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import type { Graph } from '../graph/graph.ts';
import { sizeOf } from '../graph/shape.ts';
import { encodeModel } from '../onnx/model.ts';
import { graphKey, openCached } from './graph-cache.ts';
import type { ExecutionProvider } from './providers.ts';

export type { ExecutionProvider };

// Official builds report each session to their makers. The variable is read when the first session is made.
process.env.ORT_DISABLE_TELEMETRY = '1';

/** A tensor at the border of a graph: its data (not copied on the way in) and its shape. */
export interface Tensor {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}
export type Feeds = Readonly<Record<string, Tensor>>;

export interface SessionOptions {
  provider?: ExecutionProvider;
  /** Threads within one operator; 0 lets the runtime choose. Absent: what {@link limitThreads} says. */
  threads?: number;
  /**
   * `training` keeps recomputation and mapped weights as they are written; `inference` lets the
   * runtime fold and repack constant weights, which costs memory and saves time.
   */
  purpose: 'training' | 'inference';
  /**
   * Where optimized graphs are kept, see `graph-cache.ts`. Without effect where weights become part of
   * the graph: for inference, and on WebGPU.
   */
  graphCacheDir?: string | undefined;
}

/** A graph that is ready to run. */
export interface Session {
  run(feeds: Feeds): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

/** An input of a model that others have written. */
export interface InputDescription {
  readonly name: string;
  /** As ONNX Runtime names it: `float32`, `int64` … */
  readonly dtype: string;
  /** A name, or −1, stands for a length that the caller chooses. */
  readonly shape: readonly (number | string)[];
}

/** A model from a file, with what it asks for. */
export interface FileSession extends Session {
  readonly inputs: readonly InputDescription[];
  readonly outputs: readonly string[];
}

/** A flat float32 tensor that stays where its session runs, to be fed to it again. */
export interface ResidentTensor {
  /**
   * Its values, valid until it is released.
   * @throws {Error} where they lie on a device and were not downloaded
   */
  readonly data: Float32Array;
  /** Copies the values from the device; nothing where they lie in memory. */
  download(): Promise<void>;
  /** It is fed and read no more: its memory may be used for other results. */
  release(): void;
}

/** A graph of which some outputs stay where it runs. */
export interface ResidentSession {
  /**
   * @param state inputs that stayed, or that {@link residentFrom} made
   * @returns the outputs that leave, and those that stay
   */
  run(
    feeds: Feeds,
    state: Readonly<Record<string, ResidentTensor>>,
  ): Promise<{ results: Record<string, Tensor>; kept: Record<string, ResidentTensor> }>;
  close(): Promise<void>;
}

/**
 * What would undo what a training graph is written for: recomputation would be merged with the first
 * computation, mapped weights be copied, and matrix transposes become transposes of all axes, which
 * take up to ten times as long.
 */
const KEPT_OUT_OF_TRAINING = [
  'ConstantFolding',
  'CommonSubexpressionElimination',
  'TransposeOptimizer',
  'TransposeOptimizer_CPUExecutionProvider',
];
/**
 * Weights are copied to a GPU anyway, and WebGPU cannot read them in half precision: its kernels know
 * no bfloat16, and float16 only on some devices. So they are cast on the way.
 */
const KEPT_OUT_ON_WEBGPU = KEPT_OUT_OF_TRAINING.filter((name) => name !== 'ConstantFolding');

/**
 * Creates a session for a graph.
 *
 * Blocks the JavaScript thread while it creates and while it runs (ONNX Runtime 1.30), so it
 * belongs in a process that has nothing else to answer.
 */
export async function createSession(graph: Graph, options: SessionOptions): Promise<Session> {
  const session = await create(graph, graph.encode(), options);
  return {
    run: async (feeds) => fromOrt(await session.run(toOrt(feeds))),
    close: () => session.release(),
  };
}

/**
 * Opens an ONNX file that another program wrote, for inference on the CPU. Inputs that want int64 are
 * given as int32.
 * @param file data that it keeps beside itself must lie in the same folder
 * @throws {Error} when it is no ONNX model
 */
export async function openOnnxFile(
  file: string,
  options: Pick<SessionOptions, 'threads'> = {},
): Promise<FileSession> {
  const session = await ort.InferenceSession.create(file, {
    executionProviders: ['cpu'],
    enableMemPattern: false,
    intraOpNumThreads: options.threads ?? processThreads,
    logSeverityLevel: 3,
  });
  const inputs = session.inputMetadata.map((input): InputDescription => {
    if (!input.isTensor) throw new TypeError(`${file}: input ${input.name} is no tensor`);
    return { name: input.name, dtype: input.type, shape: input.shape };
  });
  const wide = inputs.filter(({ dtype }) => dtype === 'int64').map(({ name }) => name);
  return {
    inputs,
    outputs: session.outputNames,
    async run(feeds) {
      const tensors = toOrt(feeds);
      for (const name of wide) {
        const { data, shape } = feeds[name]!;
        tensors[name] = new ort.Tensor('int64', BigInt64Array.from(data, BigInt), shape);
      }
      return fromOrt(await session.run(tensors));
    },
    close: () => session.release(),
  };
}

/**
 * Creates a session of which some outputs stay where it runs: on WebGPU in the device's buffers, else
 * in arrays that are used again. They are flat float32.
 *
 * On WebGPU every node must have a kernel there: one on the CPU would carry its tensors to and fro at
 * each step.
 *
 * @param kept names of those outputs
 */
export function createResidentSession(
  graph: Graph,
  options: SessionOptions,
  kept: readonly string[],
): Promise<ResidentSession> {
  return options.provider === 'webgpu'
    ? createOnDevice(graph, options, kept)
    : createInMemory(graph, options, new Set(kept));
}

/** Values of one's own, to be fed to a {@link ResidentSession}; it reads them and leaves them alone. */
export function residentFrom(data: Float32Array): ResidentTensor {
  return new InMemory(data);
}

function create(
  graph: Graph,
  bytes: Uint8Array,
  options: SessionOptions,
): Promise<ort.InferenceSession> {
  const { graphCacheDir: dir, purpose, provider } = options;
  const runtimeOptions = ortOptions(options);
  if (dir === undefined || purpose === 'inference' || provider === 'webgpu')
    return ort.InferenceSession.create(bytes, runtimeOptions);
  const runtime = { ...runtimeOptions, versions: ort.env.versions };
  return openCached(dir, graphKey(bytes, graph.weightFiles(), runtime), {
    optimized: (file) =>
      ort.InferenceSession.create(readFileSync(file), {
        ...runtimeOptions,
        graphOptimizationLevel: 'disabled',
      }),
    fresh: (saveTo) =>
      ort.InferenceSession.create(bytes, { ...runtimeOptions, optimizedModelFilePath: saveTo }),
  });
}

let processThreads = 0;

/**
 * Says how many threads sessions take that are opened from now on and are not told themselves. For a process that has
 * a core among others of its kind: threads that outnumber cores wait for each other.
 */
export function limitThreads(count: number): void {
  processThreads = count;
}

/** Provider table and the options that every session has. */
function ortOptions({
  provider = 'cpu',
  threads = processThreads,
  purpose,
}: SessionOptions): ort.InferenceSession.SessionOptions {
  const training = purpose === 'training';
  const keptOut = provider === 'webgpu' ? KEPT_OUT_ON_WEBGPU : KEPT_OUT_OF_TRAINING;
  return {
    executionProviders: [provider],
    graphOptimizationLevel: training ? 'layout' : 'all',
    // With memory patterns on, the second run of a large graph doubled the peak memory.
    enableMemPattern: false,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: {
      session: {
        ...(training && { disable_prepacking: '1' }),
        ...(training && provider === 'webgpu' && { disable_cpu_ep_fallback: '1' }),
        model_external_initializers_file_folder_path: '/',
      },
      optimization: training ? { disable_specified_optimizers: keptOut.join(';') } : {},
    },
  };
}

function toOrt(feeds: Feeds): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [name, ortTensor(data, shape)]),
  );
}

const ortTensor = (data: Tensor['data'], shape: readonly number[]): ort.Tensor =>
  data instanceof Int32Array
    ? new ort.Tensor('int32', data, shape)
    : new ort.Tensor('float32', data, shape);

function fromOrt(results: Readonly<Record<string, ort.Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims }]) => [
      name,
      { data: data as Tensor['data'], shape: dims },
    ]),
  );
}

/** A resident tensor as the runtime is given it. */
abstract class Fed implements ResidentTensor {
  readonly fed: ort.Tensor;
  constructor(fed: ort.Tensor) {
    this.fed = fed;
  }
  abstract get data(): Float32Array;
  abstract download(): Promise<void>;
  abstract release(): void;
}

const statesToOrt = (state: Readonly<Record<string, ResidentTensor>>) =>
  Object.fromEntries(Object.entries(state).map(([name, tensor]) => [name, (tensor as Fed).fed]));

class InMemory extends Fed {
  readonly data: Float32Array;
  readonly #free: ((data: Float32Array) => void) | undefined;

  /** @param free takes the array back */
  constructor(data: Float32Array, free?: (data: Float32Array) => void) {
    super(ortTensor(data, [data.length]));
    this.data = data;
    this.#free = free;
  }

  async download(): Promise<void> {}

  release(): void {
    this.#free?.(this.data);
  }
}

/**
 * The empty sequence that stands before all outputs. ONNX Runtime's binding writes results to the
 * arrays that it is given, and then copies them to new ones all the same, about a second a GB. It
 * gives up at the first output that is no tensor, and by then the arrays are written.
 */
const NO_COPY = 'noCopy';
const GAVE_UP = /Non tensor type/;

/** A graph as {@link openResident} takes it. */
export const encodeResident = (graph: Graph): Uint8Array =>
  graph.encode({ emptySequence: NO_COPY });

/** Opens a graph of {@link encodeResident} from a file, in memory. */
export async function openResident(
  file: string,
  options: Omit<SessionOptions, 'provider'>,
  kept: readonly string[],
): Promise<ResidentSession> {
  return inMemory(await ort.InferenceSession.create(file, ortOptions(options)), new Set(kept));
}

async function createInMemory(
  graph: Graph,
  options: SessionOptions,
  kept: ReadonlySet<string>,
): Promise<ResidentSession> {
  return inMemory(await create(graph, encodeResident(graph), options), kept);
}

function inMemory(session: ort.InferenceSession, kept: ReadonlySet<string>): ResidentSession {
  const outputs = session.outputMetadata.filter((output) => output.isTensor);
  const free = new Map<string, Float32Array[]>([...kept].map((name) => [name, []]));
  return {
    async run(feeds, state) {
      const results: Record<string, Tensor> = {};
      const residents: Record<string, ResidentTensor> = {};
      const fetches: Record<string, ort.Tensor | null> = { [NO_COPY]: null };
      for (const { name, type, shape } of outputs) {
        const dims = shape as readonly number[];
        const size = sizeOf(dims);
        const pool = free.get(name);
        const data =
          pool?.pop() ?? (type === 'int32' ? new Int32Array(size) : new Float32Array(size));
        fetches[name] = ortTensor(data, dims);
        if (pool) residents[name] = new InMemory(data as Float32Array, (array) => pool.push(array));
        else results[name] = { data, shape: dims };
      }
      await session
        .run({ ...toOrt(feeds), ...statesToOrt(state) }, fetches)
        .catch((error: Error) => {
          if (!GAVE_UP.test(error.message)) throw error;
        });
      return { results, kept: residents };
    },
    close: () => session.release(),
  };
}

class OnDevice extends Fed {
  readonly #reader: ort.InferenceSession;
  #data: Float32Array | undefined;

  constructor(fed: ort.Tensor, reader: ort.InferenceSession) {
    super(fed);
    this.#reader = reader;
  }

  get data(): Float32Array {
    if (!this.#data) throw new Error('these values are on the device: download them first');
    return this.#data;
  }

  async download(): Promise<void> {
    this.#data ??= (await this.#reader.run({ x: this.fed })).y!.data as Float32Array;
  }

  release(): void {
    this.fed.dispose();
  }
}

async function createOnDevice(
  graph: Graph,
  options: SessionOptions,
  kept: readonly string[],
): Promise<ResidentSession> {
  const session = await ort.InferenceSession.create(graph.encode(), {
    ...ortOptions(options),
    preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, 'gpu-buffer' as const])),
  });
  const reader = await createReader(options);
  return {
    async run(feeds, state) {
      const outputs = await session.run({ ...toOrt(feeds), ...statesToOrt(state) });
      const entries = Object.entries(outputs);
      const staying = entries.filter(([, tensor]) => tensor.location === 'gpu-buffer');
      const leaving = entries.filter(([, tensor]) => tensor.location === 'cpu');
      return {
        results: fromOrt(Object.fromEntries(leaving)),
        kept: Object.fromEntries(
          staying.map(([name, tensor]) => [name, new OnDevice(tensor, reader)]),
        ),
      };
    },
    async close() {
      await session.release();
      await reader.release();
    },
  };
}

/** Copies a tensor of any length out of the device; the binding's own `getData` ends the process. */
function createReader(options: SessionOptions): Promise<ort.InferenceSession> {
  const value = (name: string) => ({ name, dtype: 'float32' as const, shape: ['n'] });
  const bytes = encodeModel({
    nodes: [{ opType: 'Identity', name: 'y', inputs: ['x'], outputs: ['y'], attributes: {} }],
    initializers: [],
    inputs: [value('x')],
    outputs: [value('y')],
  });
  return ort.InferenceSession.create(bytes, ortOptions(options));
}
