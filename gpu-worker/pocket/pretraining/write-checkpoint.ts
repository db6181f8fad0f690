/** @file Writes pocket as a checkpoint in the diffusers layout. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type {
  ClipTextConfig,
  UnetConfig,
  VaeConfig,
} from '../../diffusion/weights/model-configs.ts';
import { type TensorData, writeSafetensors } from '../../diffusion/weights/safetensors.ts';
import { writeTokenizer } from '../tokenizer/build-vocabulary.ts';
import { CLASSES } from '../world/scene.ts';

/** One model's tensors, float32; they are stored in half precision. */
export interface NamedTensors {
  readonly names: readonly string[];
  shapeOf(name: string): readonly number[];
  read(name: string): Float32Array;
}

const MODEL_INDEX = {
  _class_name: 'StableDiffusionPipeline',
  scheduler: ['diffusers', 'DDIMScheduler'],
  text_encoder: ['transformers', 'CLIPTextModel'],
  tokenizer: ['transformers', 'CLIPTokenizer'],
  unet: ['diffusers', 'UNet2DConditionModel'],
  vae: ['diffusers', 'AutoencoderKL'],
  safety_checker: [null, null],
  feature_extractor: [null, null],
};

/** How pocket is trained on a subject and sampled, as measured in `docs/dreambooth.md`. */
const RECOMMENDED = {
  training: {
    maxTrainSteps: 200,
    learningRate: 2e-4,
    textEncoderLearningRate: 2e-4,
    numClassImages: 64,
    trainBatchSize: 4,
    checkpointingSteps: 50,
  },
  lora: {
    rank: 32,
    loraAlpha: 32,
    loraTargets: ['attention', 'feed-forward', 'convolution'],
    maxTrainSteps: 300,
    learningRate: 1.5e-3,
    lrScheduler: 'cosine',
    textEncoderLearningRate: 7.5e-4,
  },
  sampling: { sampler: 'dpmpp_2m', numInferenceSteps: 20, guidanceScale: 3 },
};

const writeJson = (file: string, value: unknown): void => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
};

/** Writes what needs no training: model index, scheduler, tokenizer, class nouns, recommended settings. */
export function writeCheckpointFrame(dir: string, schedulerConfig: object): void {
  writeJson(path.join(dir, 'model_index.json'), MODEL_INDEX);
  writeJson(path.join(dir, 'scheduler', 'scheduler_config.json'), schedulerConfig);
  writeJson(path.join(dir, 'class_nouns.json'), CLASSES);
  writeJson(path.join(dir, 'recommended.json'), RECOMMENDED);
  writeJson(path.join(dir, 'pocket.json'), { edition: 7 });
  writeTokenizer(path.join(dir, 'tokenizer'));
}

/** Where autoencoder or UNet have their weights. */
export const weightsFile = (dir: string, model: 'unet' | 'vae'): string =>
  path.join(dir, model, 'diffusion_pytorch_model.safetensors');

/** Weights alone: the scaling factor in `writeVaeConfig` is known only once pictures were encoded. */
export function writeVae(dir: string, tensors: NamedTensors): void {
  writeWeights(weightsFile(dir, 'vae'), tensors);
}

export function writeVaeConfig(dir: string, config: VaeConfig): void {
  writeJson(path.join(dir, 'vae', 'config.json'), { _class_name: 'AutoencoderKL', ...config });
}

export function writeUnet(dir: string, config: UnetConfig, tensors: NamedTensors): void {
  const whole = { _class_name: 'UNet2DConditionModel', ...config };
  writeJson(path.join(dir, 'unet', 'config.json'), whole);
  writeWeights(weightsFile(dir, 'unet'), tensors);
}

export function writeTextEncoder(
  dir: string,
  config: ClipTextConfig,
  tensors: NamedTensors,
  folder: 'text_encoder' | 'text_encoder_2' = 'text_encoder',
): void {
  const architecture = folder === 'text_encoder' ? 'CLIPTextModel' : 'CLIPTextModelWithProjection';
  const whole = { architectures: [architecture], model_type: 'clip_text_model', ...config };
  writeJson(path.join(dir, folder, 'config.json'), whole);
  writeWeights(path.join(dir, folder, 'model.safetensors'), tensors);
}

function writeWeights(file: string, tensors: NamedTensors): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const list = function* (): Generator<TensorData> {
    for (const name of tensors.names) {
      yield { name, dtype: 'F16', shape: tensors.shapeOf(name), data: tensors.read(name) };
    }
  };
  writeSafetensors(file, list(), { format: 'pt' });
}
