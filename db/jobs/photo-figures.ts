/** @file Figures of a photo by which the photos of a set are compared, as drafts of trainings keep them. */
import { z } from 'zod';

export const photoFiguresSchema = z.object({
  /** Shorter side of the photo as it came, in pixels. */
  shortSide: z.int().positive(),
  /** Small where nothing is sharp. */
  sharpness: z.number().nonnegative(),
  /** 64 bits, 16 hex digits; few differ between near duplicates. */
  hash: z.string(),
  /** Colours along its border, 0 … 255. */
  border: z.array(z.number()),
});
/** See {@link photoFiguresSchema}. */
export type PhotoFigures = z.infer<typeof photoFiguresSchema>;
