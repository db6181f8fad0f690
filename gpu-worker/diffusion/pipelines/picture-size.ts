/** @file How large a checkpoint's pictures are, and which other sizes it can make. */
import { vaeScaleFactor } from '../models/autoencoder-kl.ts';
import type { Checkpoint } from '../weights/diffusers-checkpoint.ts';
import { nativeSize } from './sessions.ts';

/** Sides of a picture in pixels, and of its latents. */
export interface PictureSize {
  readonly height: number;
  readonly width: number;
  readonly latentHeight: number;
  readonly latentWidth: number;
}

/**
 * @param wanted pixels; a side that is absent is as long as the checkpoint was made for
 * @throws {RangeError} when a side cannot be halved as often as autoencoder and UNet do
 */
export function pictureSizeOf(
  checkpoint: Pick<Checkpoint, 'unet' | 'vae'>,
  wanted: { readonly height?: number | undefined; readonly width?: number | undefined } = {},
): PictureSize {
  const scaleFactor = vaeScaleFactor(checkpoint.vae.config);
  const step = scaleFactor * 2 ** (checkpoint.unet.config.block_out_channels.length - 1);
  const native = nativeSize(checkpoint).pixels;
  const check = (side: 'height' | 'width'): number => {
    const pixels = wanted[side] ?? native;
    if (pixels > 0 && pixels % step === 0) return pixels;
    throw new RangeError(`${side}: expected a multiple of ${step} pixels, got ${pixels}`);
  };
  const [height, width] = [check('height'), check('width')];
  return { height, width, latentHeight: height / scaleFactor, latentWidth: width / scaleFactor };
}
