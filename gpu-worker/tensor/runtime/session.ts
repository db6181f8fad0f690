/** @file The one gateway to ONNX Runtime: provider table, session options, typed tensors in and out. */
import * as ort from 'onnxruntime-node';
import type { Graph } from '../graph/graph.ts';

// Official builds report each session to their makers. The variable is read when the first session is made.
process.env.ORT_DISABLE_TELEMETRY = '1';

/** Where a graph runs. */
export type ExecutionProvider = 'cpu' | 'webgpu' | 'cuda';

/** A tensor at the border of a graph: its data (not copied on the way in) and its shape. */
export interface Tensor {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}
export type Feeds = Readonly<Record<string, Tensor>>;

export interface SessionOptions {
  provider?: ExecutionProvider;
  /** Threads within one operator; 0 lets the runtime choose. */
  threads?: number;
  /**
   * `training` keeps recomputation and mapped weights as they are written; `inference` lets the
   * runtime fold and repack constant weights, which costs memory and saves time.
   */
  purpose: 'training' | 'inference';
}

/** A graph that is ready to run. */
export interface Session {
  run(feeds: Feeds): Promise<Record<string, Tensor>>;
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
  const { provider = 'cpu', threads = 0, purpose } = options;
  const session = await ort.InferenceSession.create(graph.encode(), {
    executionProviders: [provider],
    graphOptimizationLevel: purpose === 'inference' ? 'all' : 'layout',
    // With memory patterns on, the second run of a large graph doubled the peak memory.
    enableMemPattern: false,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: {
      session: {
        ...(purpose === 'training' ? { disable_prepacking: '1' } : {}),
        model_external_initializers_file_folder_path: '/',
      },
      optimization:
        purpose === 'training'
          ? {
              disable_specified_optimizers: (provider === 'webgpu'
                ? KEPT_OUT_ON_WEBGPU
                : KEPT_OUT_OF_TRAINING
              ).join(';'),
            }
          : {},
    },
  } as ort.InferenceSession.SessionOptions);

  return {
    async run(feeds) {
      const tensors: Record<string, ort.Tensor> = {};
      for (const [name, { data, shape }] of Object.entries(feeds)) {
        tensors[name] =
          data instanceof Int32Array
            ? new ort.Tensor('int32', data, shape)
            : new ort.Tensor('float32', data, shape);
      }
      const results = await session.run(tensors);
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [
          name,
          { data: tensor.data as Float32Array | Int32Array, shape: tensor.dims },
        ]),
      );
    },
    close: () => session.release(),
  };
}
