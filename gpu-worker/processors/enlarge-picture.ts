/** @file Makes a picture of ours larger. Resampling adds pixels, no detail. */
import sharp from 'sharp';

/**
 * Writes a picture `factor` times as wide and high, by Lanczos resampling.
 *
 * @param sourceFile a picture that we made
 * @param targetFile a PNG
 * @returns its sides in pixels
 */
export async function enlargePicture(
  sourceFile: string,
  targetFile: string,
  factor: number,
): Promise<{ width: number; height: number }> {
  const { width, height } = await sharp(sourceFile).metadata();
  const larger = { width: width * factor, height: height * factor };
  await sharp(sourceFile)
    .resize({ ...larger, fit: 'fill', kernel: 'lanczos3' })
    .png({ compressionLevel: 9 })
    .toFile(targetFile);
  return larger;
}
