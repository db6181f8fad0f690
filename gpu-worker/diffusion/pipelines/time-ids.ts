/** @file What SDXL is told about a picture's size, beside the text. */
import type { Tensor } from '../../tensor/runtime/session.ts';
import type { UnetConfig } from '../weights/diffusers-checkpoint.ts';

/** Where a picture comes from, in pixels. */
export interface PictureFrame {
  /** Height and width before it was scaled. */
  readonly original: readonly [number, number];
  /** Rows and columns that were cut off at its top and left after it was scaled. */
  readonly cropTopLeft: readonly [number, number];
  /** Height and width of what is left. */
  readonly target: readonly [number, number];
}

/** A picture that nothing was cut off. */
export const wholePicture = (height: number, width: number): PictureFrame => ({
  original: [height, width],
  cropTopLeft: [0, 0],
  target: [height, width],
});

/** Whether a UNet wants to be told. */
export const takesTimeIds = ({ addition_embed_type }: UnetConfig): boolean =>
  addition_embed_type === 'text_time';

/**
 * @param frames one a row
 * @returns float32 `[rows, 6]`
 * @see Podell et al. 2023, section 2.2, https://arxiv.org/abs/2307.01952
 */
export function timeIdsOf(frames: readonly PictureFrame[]): Tensor {
  const rows = frames.map(({ original, cropTopLeft, target }) => [
    ...original,
    ...cropTopLeft,
    ...target,
  ]);
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, 6] };
}
