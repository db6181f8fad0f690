/** @file Ours beside torch: the same work on the same checkpoint, by turns, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { unetConfigSchema, vaeConfigSchema } from '#worker/diffusion/weights/model-configs.ts';
import { MODEL_MAX_LENGTH } from '#worker/pocket/tokenizer/build-vocabulary.ts';
import { type CheckpointShape, writeRandomCheckpoint } from '#worker/testing/random-checkpoint.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Where the random checkpoint is kept from run to run. */
const CHECKPOINT = path.join(ROOT, '.bench', 'unet-16m');
/** Each side runs this often, by turns, so that a busy machine is busy for both. */
const ROUNDS = 3;

/** 16.07 M parameters in the UNet. */
const SHAPE: CheckpointShape = {
  vae: vaeConfigSchema.parse({
    block_out_channels: [16, 32, 64],
    down_block_types: Array(3).fill('DownEncoderBlock2D'),
    up_block_types: Array(3).fill('UpDecoderBlock2D'),
    latent_channels: 4,
    layers_per_block: 1,
    norm_num_groups: 8,
    sample_size: 64,
  }),
  unet: unetConfigSchema.parse({
    sample_size: 16,
    block_out_channels: [64, 128, 192],
    down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
    up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
    layers_per_block: 2,
    attention_head_dim: 8,
    cross_attention_dim: 128,
    norm_num_groups: 32,
  }),
  text: { hidden_size: 128, intermediate_size: 512, num_hidden_layers: 1, num_attention_heads: 4 },
};

const COMPARED = [
  { label: 'full fine-tuning step, batch 8', work: 'train', method: 'full', batch: 8, target: 1.1 },
  { label: 'LoRA step r16, batch 8', work: 'train', method: 'lora', batch: 8, target: 1.2 },
  // Guidance doubles the rows of four pictures.
  { label: 'guided sampling step, batch 4', work: 'sample', method: 'full', batch: 8, target: 1.3 },
] as const;
type Compared = (typeof COMPARED)[number];

interface Timing {
  readonly medianMs: number;
  readonly peakRssMb: number;
}

/**
 * Prints a table: milliseconds of both, and torch's time divided by ours.
 * @throws {Error} when torch or diffusers cannot be imported
 */
export async function compareWithTorch(
  steps: number,
  print: (line: string) => void,
): Promise<void> {
  if (!existsSync(path.join(CHECKPOINT, 'unet', 'diffusion_pytorch_model.safetensors')))
    writeRandomCheckpoint(CHECKPOINT, SHAPE, 1);
  print('work                               ours ms  torch ms   ratio  target  ours MB  torch MB');
  for (const compared of COMPARED) {
    const ours: Timing[] = [];
    const torch: Timing[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(runOurs(compared, steps));
      torch.push(runTorch(compared, steps));
    }
    const [a, b] = [middle(ours), middle(torch)];
    print(
      compared.label.padEnd(33) +
        a.medianMs.toFixed(1).padStart(9) +
        b.medianMs.toFixed(1).padStart(10) +
        (b.medianMs / a.medianMs).toFixed(2).padStart(8) +
        compared.target.toFixed(1).padStart(8) +
        String(a.peakRssMb).padStart(9) +
        String(b.peakRssMb).padStart(10),
    );
  }
}

const middle = (timings: readonly Timing[]): Timing =>
  timings.toSorted((a, b) => a.medianMs - b.medianMs)[Math.floor(timings.length / 2)]!;

function argumentsOf({ work, method, batch }: Compared, steps: number): string[] {
  const sizes = ['--batch', String(batch), '--steps', String(steps)];
  return [work, '--checkpoint', CHECKPOINT, '--method', method, ...sizes];
}

function runOurs(compared: Compared, steps: number): Timing {
  const run = ['--import', 'tsx', path.join(ROOT, 'bench', 'run.ts')];
  return lastJsonLine(process.execPath, [...run, ...argumentsOf(compared, steps), '--json']);
}

function runTorch(compared: Compared, steps: number): Timing {
  const script = path.join(ROOT, 'bench', 'peers', 'torch_bench.py');
  const tokens = ['--tokens', String(MODEL_MAX_LENGTH)];
  return lastJsonLine('python3', [script, ...argumentsOf(compared, steps), ...tokens]);
}

function lastJsonLine(command: string, args: readonly string[]): Timing {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) {
    const reason = error?.message ?? stderr.trim().split('\n').at(-1);
    throw new Error(`${path.basename(command)} ${args.join(' ')} failed: ${reason}`);
  }
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Timing;
}
