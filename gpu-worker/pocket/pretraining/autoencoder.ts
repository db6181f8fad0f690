/** @file Trains pocket's autoencoder on the world's pictures. */
import { buildVaeDecoder, buildVaeEncoder } from '../../diffusion/models/autoencoder-kl.ts';
import { listParameters } from '../../diffusion/models/list-parameters.ts';
import type { VaeConfig } from '../../diffusion/weights/model-configs.ts';
import type { Value } from '../../tensor/graph/graph.ts';
import { abs, add, exp, mul, sub } from '../../tensor/graph/ops/elementwise.ts';
import { reshape, upsampleNearest } from '../../tensor/graph/ops/movement.ts';
import { reduceMean } from '../../tensor/graph/ops/reduction.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import { Trainer } from '../../tensor/optim/trainer.ts';
import { Philox } from '../../tensor/random/philox.ts';
import type { Feeds } from '../../tensor/runtime/session.ts';
import { PICTURE_SIZE } from '../world/render.ts';
import { initialWeights } from './initial-weights.ts';
import { copyPicture } from './pictures.ts';

export const VAE_BATCH = 8;
/** Names the purpose of a stream of random numbers. */
const STREAM = { choice: 1, noise: 2 } as const;

/** 2·MSE + 0.3·L1: the squared error keeps colours, the absolute one edges. */
export function reconstructionLoss(decoded: Value, pixels: Value) {
  const error = sub(decoded, pixels);
  const squared = reduceMean(mul(error, error));
  return { loss: add(mul(squared, 2), mul(reduceMean(abs(error)), 0.3)), squared };
}

/** What smaller latents must still show: the picture at half its size, and at a quarter. */
const SMALLER_WEIGHTS = [0.5, 0.25] as const;
/** Of what the latents lose when they are halved. */
const FINE_WEIGHT = 0.01;
/** Only keeps the latents from drifting: a hundred times more cost a channel and the colours of fine patterns. */
const KL_WEIGHT = 1e-5;

/**
 * Reconstruction, also of the picture made smaller from the latents made smaller, little in the
 * latents that is finer than that, and the prior. Without the two in the middle a third of the latents' power lay in
 * the upper half of their frequencies, where pictures have 7 %: grain that a denoiser learns before it learns shapes.
 *
 * @see Kouzelis et al. 2025, EQ-VAE, https://arxiv.org/abs/2502.09509
 * @see Skorokhodov et al. 2025, https://arxiv.org/abs/2502.14831
 */
function autoencoderLoss(weights: Weights, config: VaeConfig, pixels: Value, noise: Value) {
  const { mean, logvar } = buildVaeEncoder(weights, config, pixels);
  const latents = add(mean, mul(exp(mul(logvar, 0.5)), noise));
  const reconstruct = (small: Value, picture: Value) =>
    reconstructionLoss(buildVaeDecoder(weights, config, small), picture);

  let { loss, squared } = reconstruct(latents, pixels);
  let [small, picture] = [latents, pixels];
  for (const weight of SMALLER_WEIGHTS) {
    [small, picture] = [halve(small), halve(picture)];
    loss = add(loss, mul(reconstruct(small, picture).loss, weight));
  }
  const fine = sub(mean, upsampleNearest(halve(mean)));
  const kl = mul(reduceMean(sub(sub(add(mul(mean, mean), exp(logvar)), logvar), 1)), 0.5);
  loss = add(loss, mul(reduceMean(mul(fine, fine)), FINE_WEIGHT));
  return { loss: add(loss, mul(kl, KL_WEIGHT)), squared };
}

/** Means over 2 × 2. */
function halve(input: Value): Value {
  const [n, c, h, w] = input.shape as [number, number, number, number];
  return reduceMean(reshape(input, [n, c, h / 2, 2, w / 2, 2]), [3, 5]);
}

const latentSize = (config: VaeConfig) =>
  PICTURE_SIZE / 2 ** (config.block_out_channels.length - 1);

/** A trainer of the autoencoder, from nothing or from `read`. */
export function createAutoencoderTrainer(
  config: VaeConfig,
  seed: number,
  threads: number,
  read?: (name: string) => Float32Array,
): Promise<Trainer> {
  const size = latentSize(config);
  const shapes = listParameters((weights, input) => {
    autoencoderLoss(
      weights,
      config,
      input('float32', [1, 3, PICTURE_SIZE, PICTURE_SIZE]),
      input('float32', [1, config.latent_channels, size, size]),
    );
  });
  const order = new Map(shapes.map((shape, i) => [shape.name, { shape, i }]));
  return Trainer.create({
    parameters: shapes.map((shape) => ({ ...shape, lrClass: 'vae' })),
    initial: read ?? ((name) => initialWeights(order.get(name)!.shape, seed, order.get(name)!.i)),
    threads,
    adamw: { betas: [0.9, 0.99], weightDecay: 0 },
    build: (graph, weights) => {
      const pixels = graph.input('pixels', 'float32', [VAE_BATCH, 3, PICTURE_SIZE, PICTURE_SIZE]);
      const noise = graph.input('noise', 'float32', [
        VAE_BATCH,
        config.latent_channels,
        size,
        size,
      ]);
      const { loss, squared } = autoencoderLoss(weights, config, pixels, noise);
      return { loss, outputs: { squared } };
    },
  });
}

/** What step `step` is fed: pictures drawn at random, and the noise of their posterior samples. */
export function autoencoderFeeds(
  pictures: Uint8Array,
  count: number,
  config: VaeConfig,
  seed: number,
  step: number,
): Feeds {
  const pixels = new Float32Array(VAE_BATCH * 3 * PICTURE_SIZE * PICTURE_SIZE);
  const choice = new Philox(seed, step, STREAM.choice);
  for (let row = 0; row < VAE_BATCH; row++)
    copyPicture(pictures, choice.integer(count), pixels, row);
  const size = latentSize(config);
  const shape = [VAE_BATCH, config.latent_channels, size, size];
  const length = shape.reduce((product, side) => product * side, 1);
  return {
    pixels: { data: pixels, shape: [VAE_BATCH, 3, PICTURE_SIZE, PICTURE_SIZE] },
    noise: { data: new Philox(seed, step, STREAM.noise).normals(length), shape },
  };
}
