/** @file The stages of pretraining, in order: pictures, autoencoder, latents, decoder, coverage, text encoder, denoiser. Each resumes. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { TextToImagePipeline } from '../../diffusion/pipelines/text-to-image.ts';
import { alphasCumprod } from '../../diffusion/schedulers/ddpm.ts';
import { schedulerConfigSchema } from '../../diffusion/schedulers/scheduler-config.ts';
import {
  type ClipTokenizer,
  loadClipTokenizer,
} from '../../diffusion/tokenizers/clip-tokenizer.ts';
import { TEXT_ENCODER, UNET } from '../../diffusion/training/denoising-loss.ts';
import { openCheckpoint } from '../../diffusion/weights/diffusers-checkpoint.ts';
import {
  type ClipTextConfig,
  unetConfigSchema,
  vaeConfigSchema,
} from '../../diffusion/weights/model-configs.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  type TensorData,
  writeSafetensors,
} from '../../diffusion/weights/safetensors.ts';
import { loadTrainingState, saveTrainingState } from '../../diffusion/weights/training-state.ts';
import { scalar, type Trainer } from '../../tensor/optim/trainer.ts';
import { readEarlierWeights } from '../earlier-weights.ts';
import { schedulerConfig, textConfig, unetConfig, vaeConfig } from './architecture.ts';
import { autoencoderFeeds, createAutoencoderTrainer } from './autoencoder.ts';
import { WeightAverage } from './average.ts';
import { createDecoderTrainer, decoderFeeds } from './decoder.ts';
import {
  type CoveredLatentSet,
  createDenoiserTrainer,
  denoiserFeeds,
  type LatentSet,
} from './denoiser.ts';
import { prepareLatents } from './latents.ts';
import { prepareCoverage, preparePictures } from './pictures.ts';
import { cosineRate, stableRate } from './rates.ts';
import { writeSampleGrid } from './sample-grid.ts';
import { createTextEncoderTrainer, textEncoderFeeds } from './text-encoder.ts';
import {
  weightsFile,
  writeCheckpointFrame,
  writeTextEncoder,
  writeUnet,
  writeVae,
} from './write-checkpoint.ts';

export interface PretrainingOptions {
  /** Where everything that is not the result lives. */
  stateDir: string;
  /** Where the checkpoint is written. */
  outDir: string;
  pictures: number;
  vaeSteps: number;
  /** Of the autoencoder's decoder alone, after its latents are known. */
  decoderSteps: number;
  textSteps: number;
  steps: number;
  seed: number;
  /** Threads of the runtime; 0 lets it choose. */
  threads: number;
  /** That a step of the denoiser is shared among, with a batch and one thread each; 1 is this one. */
  processes: number;
  /** Milliseconds, monotonic. */
  now: () => number;
  onProgress: (stage: string, done: number, total: number, note: string) => void;
}

const SAVE_EVERY = 250;
const VAE_RATE = 1.5e-3;
const DECODER_RATE = 7.5e-4;
const TEXT_RATE = 1.5e-3;
const DENOISER_RATE = 1.5e-3;
/** Share of the steps over which it falls: with a falling rate edges and small patterns become clear. */
const DENOISER_DECAY = 0.5;
/** The text encoder's, of the UNet's. */
const TEXT_SHARE = 0.3;
const EMA_DECAY = 0.995;
const EMA_INTERVAL = 4;
const SAMPLES_EVERY = 1000;

/** Runs all stages; each takes up what an earlier run left in the state folder. */
export async function pretrain(options: PretrainingOptions): Promise<void> {
  const { stateDir, outDir, onProgress } = options;
  mkdirSync(stateDir, { recursive: true });
  const pictures = await preparePictures(
    path.join(stateDir, 'pictures.u8'),
    options.pictures,
    (done) => onProgress('pictures', done, options.pictures, ''),
  );
  writeCheckpointFrame(outDir, schedulerConfig);
  const isNew = await trainAutoencoder(options, pictures);
  const latents = await prepareLatents(
    options,
    pictures,
    !isNew && hasThisUnet(outDir)
      ? vaeConfigSchema.parse(readConfig(outDir, 'vae')).scaling_factor
      : undefined,
  );
  await trainDecoder(options, pictures, latents, isNew);
  const coverage = await prepareCoverage(
    path.join(stateDir, 'coverage.u8'),
    options.pictures,
    unetConfig.sample_size as number,
    (done) => onProgress('coverage', done, options.pictures, ''),
  );
  await trainDenoiser(options, { ...latents, coverage });
}

/** An edition of another architecture has weights that are no use here. */
function hasThisAutoencoder(outDir: string): boolean {
  const { block_out_channels, latent_channels, sample_size } = vaeConfigSchema.parse(
    readConfig(outDir, 'vae'),
  );
  return isDeepStrictEqual(
    [block_out_channels, latent_channels, sample_size],
    [vaeConfig.block_out_channels, vaeConfig.latent_channels, vaeConfig.sample_size],
  );
}

function hasThisUnet(outDir: string): boolean {
  if (!existsSync(weightsFile(outDir, 'unet'))) return false;
  const { _class_name, ...config } = unetConfigSchema.parse(readConfig(outDir, 'unet'));
  return isDeepStrictEqual(config, unetConfig);
}

const readConfig = (outDir: string, model: string): unknown =>
  JSON.parse(readFileSync(path.join(outDir, model, 'config.json'), 'utf8'));

/** Steps behind a stage's saved state; none without one. */
const stepsDone = (stateFile: string): number =>
  existsSync(stateFile) ? Number(readSafetensorsHeader(stateFile).metadata.step) : 0;

/** @returns whether the autoencoder's weights were written */
async function trainAutoencoder(
  options: PretrainingOptions,
  pictures: Uint8Array,
): Promise<boolean> {
  const { stateDir, outDir, vaeSteps, seed } = options;
  const stateFile = path.join(stateDir, 'autoencoder.safetensors');
  const isThere = existsSync(weightsFile(outDir, 'vae')) && hasThisAutoencoder(outDir);
  const isDone = !existsSync(stateFile) || stepsDone(stateFile) >= vaeSteps;
  if (isThere && isDone) return false;
  const trainer = await createAutoencoderTrainer(vaeConfig, seed, options.threads);
  if (existsSync(stateFile)) trainer.restore(loadTrainingState(stateFile, trainer.bank));
  await run(options, 'autoencoder', trainer, vaeSteps, stateFile, (step) => ({
    feeds: autoencoderFeeds(pictures, options.pictures, vaeConfig, seed, step),
    lrs: { vae: cosineRate(VAE_RATE, step, vaeSteps, 100) },
  }));
  writeVae(outDir, {
    names: trainer.bank.names,
    shapeOf: (name) => trainer.bank.spec(name).shape,
    read: (name) => trainer.parameter(name),
  });
  await trainer.close();
  return true;
}

/** @param isNew whether the autoencoder's weights were just written, and a decoder trained earlier with them */
async function trainDecoder(
  options: PretrainingOptions,
  pictures: Uint8Array,
  latents: LatentSet,
  isNew: boolean,
): Promise<void> {
  const { stateDir, outDir, decoderSteps, seed } = options;
  const stateFile = path.join(stateDir, 'decoder.safetensors');
  if (decoderSteps === 0 || (!isNew && stepsDone(stateFile) >= decoderSteps)) return;
  const { entries } = readSafetensorsHeader(weightsFile(outDir, 'vae'));
  const whole = new Map([...entries].map(([name, entry]) => [name, readTensorFloat32(entry)]));
  const trainer = await createDecoderTrainer(
    vaeConfig,
    latents.shape,
    options.threads,
    (name) => whole.get(name)!,
  );
  if (existsSync(stateFile)) trainer.restore(loadTrainingState(stateFile, trainer.bank));
  await run(options, 'decoder', trainer, decoderSteps, stateFile, (step) => ({
    feeds: decoderFeeds(pictures, latents, seed, step),
    lrs: { decoder: cosineRate(DECODER_RATE, step, decoderSteps, 100) },
  }));
  const trained = new Set(trainer.bank.names);
  writeVae(outDir, {
    names: [...entries.keys()],
    shapeOf: (name) => entries.get(name)!.shape,
    read: (name) => (trained.has(name) ? trainer.parameter(name) : whole.get(name)!),
  });
  await trainer.close();
}

/** @returns the values of the tensors `text_encoder.…` */
async function trainTextEncoder(
  options: PretrainingOptions,
  tokenizer: ClipTokenizer,
  config: ClipTextConfig,
): Promise<(name: string) => Float32Array> {
  const { stateDir, textSteps, seed, threads } = options;
  const stateFile = path.join(stateDir, 'text-encoder.safetensors');
  const trainer = await createTextEncoderTrainer(config, seed, threads);
  if (existsSync(stateFile)) trainer.restore(loadTrainingState(stateFile, trainer.bank));
  await run(options, 'text encoder', trainer, textSteps, stateFile, (step) => ({
    feeds: textEncoderFeeds(tokenizer, seed, step),
    lrs: { [TEXT_ENCODER]: cosineRate(TEXT_RATE, step, textSteps, 50) },
  }));
  await trainer.close();
  return (name) => trainer.parameter(name);
}

async function trainDenoiser(
  options: PretrainingOptions,
  latents: CoveredLatentSet,
): Promise<void> {
  const { stateDir, outDir, steps, seed, processes } = options;
  const stateFile = path.join(stateDir, 'denoiser.safetensors');
  const averageFile = path.join(stateDir, 'denoiser-average.safetensors');
  const tokenizer = loadClipTokenizer(path.join(outDir, 'tokenizer'));
  const { vocabSize, bosId: bos, eosId: eos, padId: pad } = tokenizer;
  const configs = {
    unet: { config: unetConfig },
    textEncoder: { config: textConfig(vocabSize, { bos, eos, pad }) },
  };
  const scheduler = schedulerConfigSchema.parse(schedulerConfig);
  const alphas = alphasCumprod(scheduler);

  const unetReader = readEarlierWeights(weightsFile(outDir, 'unet'), `${UNET}.`);
  const textReader = readEarlierWeights(
    path.join(outDir, 'text_encoder', 'model.safetensors'),
    `${TEXT_ENCODER}.`,
  );
  const committed =
    unetReader &&
    textReader &&
    hasThisUnet(outDir) &&
    ((name: string) => unetReader(name) ?? textReader(name));
  const resumes = existsSync(stateFile);
  const text =
    resumes || committed
      ? undefined
      : await trainTextEncoder(options, tokenizer, configs.textEncoder.config);
  const trainer = await createDenoiserTrainer(
    configs,
    unetConfig.sample_size as number,
    tokenizer.maxLength,
    seed,
    processes === 1 ? { threads: options.threads } : { processes, threads: 1 },
    committed || ((name) => (name.startsWith(`${TEXT_ENCODER}.`) ? text?.(name) : undefined)),
  );
  if (resumes) trainer.restore(loadTrainingState(stateFile, trainer.bank));
  const average = new WeightAverage(trainer, EMA_DECAY, EMA_INTERVAL);
  if (resumes && existsSync(averageFile)) {
    const { entries } = readSafetensorsHeader(averageFile);
    for (const [i, array] of average.arrays.entries())
      array.set(readTensorFloat32(entries.get(String(i))!));
  }

  const write = () => {
    const tensorsOf = (prefix: string) => ({
      names: trainer.bank.names
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length)),
      shapeOf: (name: string) => trainer.bank.spec(prefix + name).shape,
      read: (name: string) => trainer.bank.view(average.arrays, prefix + name),
    });
    writeUnet(outDir, configs.unet.config, tensorsOf(`${UNET}.`));
    writeTextEncoder(outDir, configs.textEncoder.config, tensorsOf(`${TEXT_ENCODER}.`));
  };
  await run(
    options,
    'denoiser',
    trainer,
    steps,
    stateFile,
    (step) => {
      // Adam's square-root rule: https://arxiv.org/abs/2205.10287
      const rate =
        Math.sqrt(processes) * stableRate(DENOISER_RATE, step, steps, 200, DENOISER_DECAY);
      const batches = Array.from({ length: processes }, (_, i) => step * processes + i);
      return {
        feeds: batches.map((batch) =>
          denoiserFeeds(latents, tokenizer, scheduler, alphas, seed, batch, processes),
        ),
        lrs: { [UNET]: rate, [TEXT_ENCODER]: TEXT_SHARE * rate, head: rate },
      };
    },
    {
      afterStep: async () => {
        average.update(trainer);
        const { step } = trainer.state;
        if (step % SAMPLES_EVERY !== 0) return;
        write();
        const pipeline = new TextToImagePipeline(openCheckpoint(outDir), [tokenizer]);
        const file = path.join(stateDir, `samples-${String(step).padStart(6, '0')}.png`);
        await writeSampleGrid(pipeline, file);
        await pipeline.close();
      },
      onSave: () => {
        const tensors = average.arrays.map(
          (data, i): TensorData => ({ name: String(i), dtype: 'F32', shape: [data.length], data }),
        );
        writeSafetensors(averageFile, tensors);
        write();
      },
    },
  );
  write();
  await trainer.close();
}

/** Steps until `total`, with progress, a loss curve on disk and saved states. */
async function run(
  { stateDir, now, onProgress }: PretrainingOptions,
  stage: string,
  trainer: Trainer,
  total: number,
  stateFile: string,
  prepare: (step: number) => { feeds: Parameters<Trainer['step']>[0]; lrs: Record<string, number> },
  hooks: { afterStep?: () => Promise<void>; onSave?: () => void } = {},
): Promise<void> {
  const curve = path.join(stateDir, `${stage.replace(' ', '-')}-loss.csv`);
  if (!existsSync(curve)) writeFileSync(curve, 'step,loss\n');
  const first = trainer.state.step;
  const startedAt = now();
  let smoothed = Number.NaN;
  let prepared = prepare(first);
  while (trainer.state.step < total) {
    const running = trainer.step(prepared.feeds, prepared.lrs);
    // While other processes are at it.
    prepared = prepare(trainer.state.step + 1);
    const loss = scalar(await running, 'loss');
    smoothed = Number.isNaN(smoothed) ? loss : 0.98 * smoothed + 0.02 * loss;
    const { step } = trainer.state;
    await hooks.afterStep?.();
    if (step % SAVE_EVERY === 0 || step === total) {
      saveTrainingState(stateFile, trainer.bank, trainer.state);
      hooks.onSave?.();
    }
    if (step % 25 === 0) {
      appendFileSync(curve, `${step},${smoothed.toFixed(5)}\n`);
      const secondsLeft = ((now() - startedAt) / 1000 / (step - first)) * (total - step);
      onProgress(
        stage,
        step,
        total,
        `loss ${smoothed.toFixed(4)}, ${Math.round(secondsLeft / 60)} min left`,
      );
    }
  }
}
