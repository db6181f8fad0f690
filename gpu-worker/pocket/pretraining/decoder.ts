/** @file Trains the autoencoder's decoder on, for latents that stay as they are. */
import { buildVaeDecoder } from '../../diffusion/models/autoencoder-kl.ts';
import { listParameters } from '../../diffusion/models/list-parameters.ts';
import type { VaeConfig } from '../../diffusion/weights/model-configs.ts';
import { Trainer } from '../../tensor/optim/trainer.ts';
import { Philox } from '../../tensor/random/philox.ts';
import type { Feeds } from '../../tensor/runtime/session.ts';
import { PICTURE_SIZE } from '../world/render.ts';
import { reconstructionLoss } from './autoencoder.ts';
import type { LatentSet } from './denoiser.ts';
import { copyPicture } from './pictures.ts';

const DECODER_BATCH = 8;
const STREAM = 3;
const PIXELS = [3, PICTURE_SIZE, PICTURE_SIZE] as const;

/**
 * A trainer of the decoder alone. The denoiser learns the encoder's latents, so the encoder can change no more;
 * the decoder still can, and without the encoder its steps take half the time.
 *
 * @param shape of one latent
 * @param read first values
 */
export function createDecoderTrainer(
  config: VaeConfig,
  shape: LatentSet['shape'],
  threads: number,
  read: (name: string) => Float32Array,
): Promise<Trainer> {
  const parameters = listParameters((weights, input) => {
    buildVaeDecoder(weights, config, input('float32', [1, ...shape]));
  });
  return Trainer.create({
    parameters: parameters.map((parameter) => ({ ...parameter, lrClass: 'decoder' })),
    initial: read,
    threads,
    adamw: { betas: [0.9, 0.99], weightDecay: 0 },
    build: (graph, weights) => {
      const latents = graph.input('latents', 'float32', [DECODER_BATCH, ...shape]);
      const pixels = graph.input('pixels', 'float32', [DECODER_BATCH, ...PIXELS]);
      const { loss, squared } = reconstructionLoss(
        buildVaeDecoder(weights, config, latents),
        pixels,
      );
      return { loss, outputs: { squared } };
    },
  });
}

/** What step `step` is fed: pictures drawn at random, and their latents as the encoder gave them. */
export function decoderFeeds(
  pictures: Uint8Array,
  { data, count, shape, scalingFactor }: LatentSet,
  seed: number,
  step: number,
): Feeds {
  const choice = new Philox(seed, step, STREAM);
  const size = shape[0] * shape[1] * shape[2];
  const pixels = new Float32Array(DECODER_BATCH * PIXELS[0] * PIXELS[1] * PIXELS[2]);
  const latents = new Float32Array(DECODER_BATCH * size);
  for (let row = 0; row < DECODER_BATCH; row++) {
    const index = choice.integer(count);
    copyPicture(pictures, index, pixels, row);
    latents.set(data.subarray(index * size, (index + 1) * size), row * size);
  }
  return {
    pixels: { data: pixels, shape: [DECODER_BATCH, ...PIXELS] },
    latents: {
      data: latents.map((value) => value / scalingFactor),
      shape: [DECODER_BATCH, ...shape],
    },
  };
}
