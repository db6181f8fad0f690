/** @file Trains the judges: pictures, steps, weights, and the floor that they must reach. Each stage resumes. */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SessionCache } from '../../diffusion/pipelines/session-cache.ts';
import { decodeLatents, encodePixels } from '../../diffusion/pipelines/sessions.ts';
import { loadClipTokenizer } from '../../diffusion/tokenizers/clip-tokenizer.ts';
import { openCheckpoint } from '../../diffusion/weights/diffusers-checkpoint.ts';
import { type TensorData, writeSafetensors } from '../../diffusion/weights/safetensors.ts';
import { loadTrainingState, saveTrainingState } from '../../diffusion/weights/training-state.ts';
import { scalar, type Trainer } from '../../tensor/optim/trainer.ts';
import { Philox } from '../../tensor/random/philox.ts';
import { readEarlierWeights } from '../earlier-weights.ts';
import { stableRate } from '../pretraining/rates.ts';
import { buildVocabulary, writeTokenizer } from '../tokenizer/build-vocabulary.ts';
import { toBytes, toChannels } from '../world/pixels.ts';
import type { ClassName } from '../world/scene.ts';
import { measureFloor } from './floor.ts';
import { CONFIG_FILE, type Floor, PocketJudges, WEIGHTS_FILE } from './judge.ts';
import { JUDGE_SIZE, judgeTextConfig, LOOKS_HEAD } from './network.ts';
import { createJudgeTrainer, judgeFeeds } from './training.ts';
import {
  drawTrainingPictures,
  PICTURES_EACH,
  type Reconstruct,
  TrainingPictures,
} from './training-pictures.ts';

export interface JudgeTrainingOptions {
  /** Where everything that is not the result lives. */
  stateDir: string;
  /** Where weights, tokenizer and floor are written. */
  outDir: string;
  /** The checkpoint whose autoencoder softens a quarter of the pictures. */
  baseDir: string;
  /** Individuals to learn from; a multiple of twice the number of classes. */
  subjects: number;
  steps: number;
  /** Drawings that the readers are tested on. */
  floorPictures: number;
  /** Whose individuals are told apart for the floor; all classes by default. */
  floorClasses?: readonly ClassName[];
  seed: number;
  threads: number;
  /** Milliseconds, monotonic. */
  now: () => number;
  onProgress: (stage: string, done: number, total: number, note: string) => void;
}

/** Share of the steps over which the rate falls. */
const DECAY = 0.25;
const PEAK_RATE = 1.5e-3;
const WARM_UP = 100;
const SAVE_EVERY = 100;
const REPORT_EVERY = 20;
const PARTS = ['attributes', 'identity', 'captions', 'looks'] as const;
/** Noise that is added to latents before they are decoded again, as a sampler leaves some. */
const MAX_LATENT_NOISE = 0.25;
const STREAM = { latentNoise: 43 } as const;

/** Runs all stages. @returns the floor that the finished judges reach */
export async function trainJudges(options: JudgeTrainingOptions): Promise<Floor> {
  const { stateDir, outDir, subjects, steps, onProgress } = options;
  mkdirSync(stateDir, { recursive: true });
  writeTokenizer(path.join(outDir, 'tokenizer'));
  const file = path.join(stateDir, `pictures-${subjects}.u8`);
  const autoencoder = openAutoencoder(options);
  const count = subjects * PICTURES_EACH;
  await drawTrainingPictures(file, subjects, autoencoder.reconstruct, (done) =>
    onProgress('pictures', done, count, ''),
  );
  await autoencoder.close();
  await runSteps(options, file);
  const judges = new PocketJudges(outDir, { threads: options.threads });
  const floor = await measureFloor(
    judges,
    options.floorPictures,
    options.floorClasses,
    (done, total) => onProgress('floor', done, total, ''),
  );
  await judges.close();
  writeConfig(outDir, { steps, subjects, floor });
  return floor;
}

const writeConfig = (dir: string, config: { steps: number; subjects: number; floor: Floor }) =>
  writeFileSync(path.join(dir, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);

const UNMEASURED: Floor = {
  pictures: 0,
  identity: 0,
  identityOfAll: 0,
  identityByStyle: {},
  attributes: {},
};

async function runSteps(options: JudgeTrainingOptions, picturesFile: string): Promise<void> {
  const { stateDir, outDir, subjects, steps, seed, threads, now, onProgress } = options;
  const tokenizer = loadClipTokenizer(path.join(outDir, 'tokenizer'));
  const { vocabSize, bosId: bos, eosId: eos, padId: pad, maxLength } = tokenizer;
  const { identifiers } = buildVocabulary();
  const config = judgeTextConfig(vocabSize, { bos, eos, pad }, maxLength);
  const earlier = readEarlierWeights(path.join(outDir, WEIGHTS_FILE));
  const trainer = await createJudgeTrainer(config, seed, threads, earlier);
  const stateFile = path.join(stateDir, 'judges.safetensors');
  if (existsSync(stateFile)) trainer.restore(loadTrainingState(stateFile, trainer.bank));
  const curve = path.join(stateDir, 'loss.csv');
  if (!existsSync(curve)) writeFileSync(curve, `step,loss,${PARTS.join()}\n`);
  const pictures = new TrainingPictures(picturesFile);
  const [first, startedAt] = [trainer.state.step, now()];
  const sums = new Map<string, number>();
  while (trainer.state.step < steps) {
    const { step } = trainer.state;
    const feeds = judgeFeeds(pictures, subjects, tokenizer, identifiers, seed, step);
    const results = await trainer.step(feeds, {
      judges: stableRate(PEAK_RATE, step, steps, WARM_UP, DECAY),
    });
    for (const name of ['loss', ...PARTS.map((part) => `loss/${part}`)])
      sums.set(name, (sums.get(name) ?? 0) + scalar(results, name) / REPORT_EVERY);
    const done = step + 1;
    if (done % REPORT_EVERY === 0) {
      const means = [...sums.values()].map((mean) => mean.toFixed(4));
      appendFileSync(curve, `${done},${means.join()}\n`);
      const secondsLeft = ((now() - startedAt) / 1000 / (done - first)) * (steps - done);
      onProgress(
        'steps',
        done,
        steps,
        `loss ${means.join(' ')}, ${Math.round(secondsLeft / 60)} min left`,
      );
      sums.clear();
    }
    if (done % SAVE_EVERY === 0 || done === steps) {
      await trainer.download();
      saveTrainingState(stateFile, trainer.bank, trainer.state);
      writeWeights(outDir, trainer);
      writeConfig(outDir, { steps: done, subjects, floor: UNMEASURED });
    }
  }
  pictures.close();
  await trainer.close();
}

function writeWeights(dir: string, trainer: Trainer): void {
  const { bank } = trainer;
  const tensors = function* (): Generator<TensorData> {
    for (const name of bank.names) {
      if (name.startsWith(`${LOOKS_HEAD}.`)) continue;
      yield { name, dtype: 'F16', shape: bank.spec(name).shape, data: trainer.parameter(name) };
    }
  };
  writeSafetensors(path.join(dir, WEIGHTS_FILE), tensors(), { format: 'pt' });
}

/** Softens pictures as the base's autoencoder does. */
function openAutoencoder(options: Pick<JudgeTrainingOptions, 'baseDir' | 'threads' | 'seed'>): {
  reconstruct: Reconstruct;
  close(): Promise<void>;
} {
  const { vae } = openCheckpoint(options.baseDir);
  const cache = new SessionCache({ threads: options.threads });
  const size = 3 * JUDGE_SIZE ** 2;
  return {
    async reconstruct(pictures, first) {
      const data = new Float32Array(pictures.length * size);
      for (const [i, picture] of pictures.entries())
        toChannels(picture, data.subarray(i * size, (i + 1) * size));
      const shape = [pictures.length, 3, JUDGE_SIZE, JUDGE_SIZE];
      const { mean } = await encodePixels(cache, vae, { data, shape });
      const random = new Philox(options.seed, first, STREAM.latentNoise);
      const deviation = MAX_LATENT_NOISE * random.uniform();
      const noise = random.normals(mean.data.length);
      const latents = Float32Array.from(
        mean.data,
        (value, i) => value * vae.config.scaling_factor + deviation * noise[i]!,
      );
      const decoded = await decodeLatents(cache, vae, { data: latents, shape: mean.shape });
      const pixels = decoded.data as Float32Array;
      return pictures.map((_, i) => toBytes(pixels.subarray(i * size, (i + 1) * size)));
    },
    close: () => cache.close(),
  };
}
