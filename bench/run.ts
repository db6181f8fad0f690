/**
 * @file `npm run bench -- train|sample [--checkpoint DIR] [--batch N] [--steps N] [--provider P] [--json]`:
 * times training steps or UNet predictions on a checkpoint; ends with one JSON line.
 */
import { parseArgs } from 'node:util';
import { nativeSize, predictNoise, SessionCache } from '#worker/diffusion/pipelines/sessions.ts';
import {
  buildDenoisingLoss,
  listDenoiserParameters,
  readCheckpointParameter,
} from '#worker/diffusion/training/denoising-loss.ts';
import { type Checkpoint, openCheckpoint } from '#worker/diffusion/weights/diffusers-checkpoint.ts';
import { Trainer } from '#worker/tensor/optim/trainer.ts';
import { Philox } from '#worker/tensor/random/philox.ts';
import type { ExecutionProvider, Tensor } from '#worker/tensor/runtime/session.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checkpoint: { type: 'string', default: 'models/pocket' },
    batch: { type: 'string', default: '8' },
    steps: { type: 'string', default: '10' },
    provider: { type: 'string', default: 'cpu' },
    json: { type: 'boolean', default: false },
  },
});
const batch = Number(values.batch);
const steps = Number(values.steps);
const provider = values.provider as ExecutionProvider;
const checkpoint = openOrExit(values.checkpoint);
const tokens = checkpoint.textEncoder.config.max_position_embeddings;
const { latent } = nativeSize(checkpoint);
const normals = (shape: readonly number[]): Tensor => ({
  data: new Philox(1).normals(shape.reduce((product, size) => product * size, 1)),
  shape,
});
const latentShape = [batch, checkpoint.unet.config.in_channels, latent, latent];
const stateShape = [batch, tokens, checkpoint.textEncoder.config.hidden_size];

function openOrExit(dir: string): Checkpoint {
  try {
    return openCheckpoint(dir);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

interface Prepared {
  nodes: number | null;
  runOnce: () => Promise<unknown>;
}

/** Full fine-tuning of the UNet: forward, backward, AdamW. */
async function prepareTraining({ unet, textEncoder }: Checkpoint): Promise<Prepared> {
  const parameters = listDenoiserParameters({ unet, textEncoder }, false);
  const specs = new Map(parameters.map((spec) => [spec.name, spec]));
  const trainer = await Trainer.create({
    parameters,
    initial: (name) => readCheckpointParameter({ unet, textEncoder }, specs.get(name)!),
    provider,
    build: (graph, weights) =>
      buildDenoisingLoss(
        graph,
        weights,
        { unet, textEncoder },
        {
          rows: batch,
          latentHeight: latent,
          latentWidth: latent,
          prompts: batch,
          tokens,
          trainTextEncoder: false,
        },
      ),
  });
  const feeds = {
    noisyLatents: normals(latentShape),
    target: normals(latentShape),
    timesteps: { data: new Int32Array(batch).fill(500), shape: [batch] },
    rowWeights: { data: new Float32Array(batch).fill(1 / batch), shape: [batch] },
    rowPrompts: { data: Int32Array.from({ length: batch }, (_, i) => i), shape: [batch] },
    promptStates: normals(stateShape),
  };
  return { nodes: trainer.nodeCount, runOnce: () => trainer.step(feeds, { unet: 1e-6 }) };
}

/** One UNet prediction, as sampling without guidance makes at each step. */
async function prepareSampling({ unet }: Checkpoint): Promise<Prepared> {
  const cache = new SessionCache({ provider });
  const feeds = {
    sample: normals(latentShape),
    timesteps: { data: new Float32Array(batch).fill(500), shape: [batch] },
    states: normals(stateShape),
  };
  const runOnce = () => predictNoise(cache, unet, unet.tensors, feeds);
  await runOnce();
  return { nodes: null, runOnce };
}

const work = { train: prepareTraining, sample: prepareSampling }[positionals[0] ?? ''];
if (!work) {
  console.error(
    'npm run bench -- train|sample [--checkpoint DIR] [--batch N] [--steps N] [--provider P] [--json]',
  );
  process.exit(2);
}
const startedAt = performance.now();
const { nodes, runOnce } = await work(checkpoint);
const createMs = performance.now() - startedAt;
await runOnce();
const times: number[] = [];
for (let i = 0; i < steps; i++) {
  const before = performance.now();
  await runOnce();
  times.push(performance.now() - before);
  if (!values.json)
    console.log(`${positionals[0]} ${i + 1}/${steps}: ${times.at(-1)!.toFixed(1)} ms`);
}
times.sort((a, b) => a - b);
const rounded = (ms: number) => Math.round(ms * 10) / 10;
console.log(
  JSON.stringify({
    medianMs: rounded(times[Math.floor(times.length / 2)]!),
    bestMs: rounded(times[0]!),
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
    createMs: rounded(createMs),
    nodes,
  }),
);
process.exit(0);
