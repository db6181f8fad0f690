/** @file Picture files to latents that training steps sample from. */
import sharp from 'sharp';
import { cropTopLeft, imageToPixels } from '../diffusion/images/pixels.ts';
import { drawLatents } from '../diffusion/pipelines/latents.ts';
import type { SessionCache } from '../diffusion/pipelines/session-cache.ts';
import { encodePixels } from '../diffusion/pipelines/sessions.ts';
import type { PictureFrame } from '../diffusion/pipelines/time-ids.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import type { Philox } from '../tensor/random/philox.ts';
import { EngineRequestError } from './requests.ts';

/** The posteriors of a set of pictures. */
export interface LatentPosteriors {
  readonly count: number;
  /** `[c, h, w]` */
  readonly shape: readonly [number, number, number];
  /** What of each picture is shown. */
  readonly frames: readonly PictureFrame[];
  /** A latent of picture `index`, drawn from its posterior, as the UNet takes it. */
  sample(index: number, random: Philox): Float32Array;
}

const AT_ONCE = 8;

/**
 * Encodes pictures with the frozen autoencoder, once for the whole training.
 * @param files clean pictures that sharp reads
 * @param size side of the squares that the base was made for, in pixels
 * @throws {EngineRequestError} `PHOTO_UNREADABLE` when a file is no picture
 */
export async function encodePictures(
  cache: SessionCache,
  vae: Checkpoint['vae'],
  files: readonly string[],
  size: number,
  signal: AbortSignal,
): Promise<LatentPosteriors> {
  const means: Float32Array[] = [];
  const logvars: Float32Array[] = [];
  const frames: PictureFrame[] = [];
  let shape: [number, number, number] = [0, 0, 0];
  for (let start = 0; start < files.length; start += AT_ONCE) {
    signal.throwIfAborted();
    const batch = files.slice(start, start + AT_ONCE);
    const data = new Float32Array(batch.length * 3 * size * size);
    for (const [i, file] of batch.entries()) {
      const { pixels, frame } = await readPicture(file, { height: size, width: size });
      data.set(pixels, i * 3 * size * size);
      frames.push(frame);
    }
    const { mean, logvar } = await encodePixels(cache, vae, {
      data,
      shape: [batch.length, 3, size, size],
    });
    const [, c, h, w] = mean.shape as [number, number, number, number];
    shape = [c, h, w];
    for (let i = 0; i < batch.length; i++) {
      means.push((mean.data as Float32Array).slice(i * c * h * w, (i + 1) * c * h * w));
      logvars.push((logvar.data as Float32Array).slice(i * c * h * w, (i + 1) * c * h * w));
    }
  }
  return {
    count: files.length,
    shape,
    frames,
    sample(index, random) {
      const mean = means[index]!;
      const logvar = logvars[index]!;
      return drawLatents(vae.config, mean, logvar, random.normals(mean.length));
    },
  };
}

/**
 * Reads the middle of a picture, in the shape of the frame.
 * @param file a clean picture that sharp reads
 * @param target sides in pixels
 * @returns pixels float32 `[3, height, width]` in [−1, 1]
 * @throws {EngineRequestError} `PHOTO_UNREADABLE` when the file is no picture
 */
export async function readPicture(
  file: string,
  target: { readonly height: number; readonly width: number },
): Promise<{ pixels: Float32Array; frame: PictureFrame }> {
  try {
    const { data, info } = await sharp(file)
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    return {
      pixels: await imageToPixels(data, width, height, target),
      frame: {
        original: [height, width],
        cropTopLeft: cropTopLeft(width, height, target),
        target: [target.height, target.width],
      },
    };
  } catch (cause) {
    throw new EngineRequestError('PHOTO_UNREADABLE', `${file}: ${(cause as Error).message}`);
  }
}

/**
 * Which picture each draw shows: every picture once before any comes again, in an order that is
 * shuffled anew each round.
 * @param randomOf random numbers of a round
 * @returns the picture of a draw, which counts from the start of the training
 */
export function shuffledRounds(
  count: number,
  randomOf: (round: number) => Philox,
): (draw: number) => number {
  let kept: { readonly round: number; readonly order: readonly number[] } | undefined;
  return (draw) => {
    const round = Math.floor(draw / count);
    if (kept?.round !== round) kept = { round, order: shuffle(count, randomOf(round)) };
    return kept.order[draw % count]!;
  };
}

/** 0 … count − 1 in random order (Fisher and Yates). */
function shuffle(count: number, random: Philox): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
