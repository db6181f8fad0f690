/**
 * @file Clean decoded pictures ↔ the autoencoder's float32 pixels in [-1, 1]. Untrusted files are
 * decoded elsewhere.
 */
import sharp from 'sharp';

/**
 * Scales a picture until it covers a frame, cuts out its middle, and lays it out for the autoencoder.
 *
 * @param rgb 8-bit, rows of interleaved red, green, blue: `width · height · 3` bytes
 * @param width in pixels
 * @param height in pixels
 * @param frame sides in pixels
 * @returns float32 `[3, frame.height, frame.width]` in [-1, 1]
 * @throws {RangeError} when the bytes do not fill the picture
 * @see diffusers `examples/dreambooth/train_dreambooth.py`, `DreamBoothDataset`
 */
export async function imageToPixels(
  rgb: Uint8Array,
  width: number,
  height: number,
  frame: { readonly height: number; readonly width: number },
): Promise<Float32Array> {
  if (rgb.length !== width * height * 3) {
    throw new RangeError(`image: ${rgb.length} bytes cannot fill ${width}×${height} RGB pixels`);
  }
  const bytes = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(frame.width, frame.height, { fit: 'cover', position: 'centre', kernel: 'linear' })
    .raw()
    .toBuffer();
  const plane = frame.height * frame.width;
  const pixels = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[channel * plane + i] = (bytes[3 * i + channel] as number) / 127.5 - 1;
    }
  }
  return pixels;
}

/**
 * What {@link imageToPixels} cuts off a picture.
 *
 * @param width in pixels
 * @param height in pixels
 * @param frame sides in pixels
 * @returns rows and columns of the scaled picture above and left of its middle
 */
export function cropTopLeft(
  width: number,
  height: number,
  frame: { readonly height: number; readonly width: number },
): [number, number] {
  const scale = Math.max(frame.width / width, frame.height / height);
  const margin = (side: number, kept: number) =>
    Math.max(0, Math.round((Math.round(side * scale) - kept) / 2));
  return [margin(height, frame.height), margin(width, frame.width)];
}

/**
 * Encodes what the autoencoder drew as a PNG; values outside [-1, 1] are cut off.
 *
 * @param pixels float32 `[3, height, width]`
 * @throws {RangeError} when the values do not fill the picture
 */
export async function pixelsToPng(
  pixels: Float32Array,
  height: number,
  width: number,
): Promise<Buffer> {
  const plane = height * width;
  if (pixels.length !== 3 * plane) {
    throw new RangeError(`pixels: ${pixels.length} elements cannot fill [3, ${height}, ${width}]`);
  }
  // Clamping turns NaN into 0, where a cast would depend on the machine.
  const bytes = new Uint8ClampedArray(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) {
      bytes[3 * i + channel] = ((pixels[channel * plane + i] as number) + 1) * 127.5;
    }
  }
  return sharp(bytes, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
