/** @file Two figures about a training: does the subject have its colours, and is the class as varied as before? */
import sharp from 'sharp';
import { differenceOf, type LabPicture, toLab } from './lab-colours.ts';

const SIDE = 64;
/** Width of the frame whose colours count as background. */
const FRAME = 4;
/** A pixel this near (ΔE 1976) to a colour of the frame is background. */
const SAME_COLOUR = 14;
/** Bins along L*, a* and b*; a pixel is shared between the eight nearest. */
const BINS = [5, 9, 9] as const;
const LOW = [0, -90, -90] as const;
const HIGH = [100, 90, 90] as const;
/** Diversity looks at shapes and colours, not at fine lines. */
const DIVERSITY_SIDE = 32;

/** What the demo prints. */
export interface ColourFigure {
  /** Share of the plain renditions whose colours are nearer to the photos' than the class-before's are. */
  readonly share: number;
  /** Distance of each plain rendition to the photos, in `[0, 1]`. */
  readonly distances: readonly number[];
  /** Distance between the class before and the photos: what a rendition has to be below. */
  readonly classDistance: number;
}

/**
 * Compares colour histograms of what stands in the middle of the pictures.
 *
 * @param pictures encoded pictures; photos may have any size
 */
export async function compareColours(pictures: {
  photos: readonly Buffer[];
  renditions: readonly Buffer[];
  classBefore: readonly Buffer[];
}): Promise<ColourFigure> {
  const photos = meanOf(await histogramsOf(pictures.photos));
  const classDistance = hellinger(meanOf(await histogramsOf(pictures.classBefore)), photos);
  const renditions = await histogramsOf(pictures.renditions);
  const distances = renditions.map((histogram) => hellinger(histogram, photos));
  const near = distances.filter((distance) => distance < classDistance);
  return { share: near.length / distances.length, distances, classDistance };
}

/**
 * Compares how different the pictures of two sets are among themselves.
 *
 * @returns mean pairwise distance after, divided by that before
 */
export async function compareDiversity(
  before: readonly Buffer[],
  after: readonly Buffer[],
): Promise<number> {
  return (await meanPairwiseDistance(after)) / (await meanPairwiseDistance(before));
}

/** @returns mean root-mean-square difference over all pairs, pixels in `[0, 255]` */
async function meanPairwiseDistance(pictures: readonly Buffer[]): Promise<number> {
  const pixels = await Promise.all(pictures.map((picture) => readPixels(picture, DIVERSITY_SIDE)));
  let sum = 0;
  let pairs = 0;
  for (const [index, a] of pixels.entries()) {
    for (const b of pixels.slice(index + 1)) {
      let squares = 0;
      for (let i = 0; i < a.length; i++) squares += (at(a, i) - at(b, i)) ** 2;
      sum += Math.sqrt(squares / a.length);
      pairs += 1;
    }
  }
  return sum / pairs;
}

async function histogramsOf(pictures: readonly Buffer[]): Promise<Float64Array[]> {
  return Promise.all(
    pictures.map(async (picture) => {
      const lab = toLab(await readPixels(picture, SIDE));
      return histogramOf(lab, weightsOf(lab));
    }),
  );
}

/** Cuts the middle square as the training does. */
function readPixels(picture: Buffer, side: number): Promise<Buffer> {
  return sharp(picture)
    .rotate()
    .removeAlpha()
    .toColourspace('srgb')
    .resize(side, side, { fit: 'cover', kernel: 'linear' })
    .raw()
    .toBuffer();
}

/** Weights of the pixels: the middle counts more, and what has the frame's colours does not count. */
function weightsOf(lab: LabPicture): Float64Array {
  const frame: number[] = [];
  for (let i = 0; i < SIDE * SIDE; i += 3) {
    const x = i % SIDE;
    const y = Math.floor(i / SIDE);
    const inside = x >= FRAME && x < SIDE - FRAME && y >= FRAME && y < SIDE - FRAME;
    if (!inside) frame.push(i);
  }
  const weights = new Float64Array(SIDE * SIDE);
  for (let i = 0; i < weights.length; i++) {
    const dx = ((i % SIDE) + 0.5) / SIDE - 0.5;
    const dy = (Math.floor(i / SIDE) + 0.5) / SIDE - 0.5;
    const middle = Math.exp(-(dx * dx + dy * dy) / (2 * 0.22 ** 2));
    const isBackground = frame.some((j) => differenceOf(lab, i, j) < SAME_COLOUR);
    // A trace of everything stays, for subjects that fill the frame.
    weights[i] = middle * (isBackground ? 0.02 : 1);
  }
  return weights;
}

function histogramOf(lab: LabPicture, weights: Float64Array): Float64Array {
  const histogram = new Float64Array(BINS[0] * BINS[1] * BINS[2]);
  let total = 0;
  for (const [i, weight] of weights.entries()) {
    const places = BINS.map((bins, axis) => {
      const low = LOW[axis] ?? 0;
      const high = HIGH[axis] ?? 1;
      const place = ((at(lab, 3 * i + axis) - low) / (high - low)) * (bins - 1);
      return Math.min(Math.max(place, 0), bins - 1.000001);
    });
    for (let corner = 0; corner < 8; corner++) {
      let share = weight;
      let index = 0;
      for (const [axis, bins] of BINS.entries()) {
        const place = places[axis] ?? 0;
        const below = Math.floor(place);
        const up = (corner >> axis) & 1;
        share *= up ? place - below : 1 - (place - below);
        index = index * bins + below + up;
      }
      histogram[index] = at(histogram, index) + share;
    }
    total += weight;
  }
  return histogram.map((value) => value / total);
}

function meanOf(histograms: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(BINS[0] * BINS[1] * BINS[2]);
  for (const histogram of histograms) {
    for (const [i, value] of histogram.entries()) mean[i] = at(mean, i) + value / histograms.length;
  }
  return mean;
}

/** @returns Hellinger distance of two histograms, in `[0, 1]` */
function hellinger(a: Float64Array, b: Float64Array): number {
  let overlap = 0;
  for (const [i, value] of a.entries()) overlap += Math.sqrt(value * at(b, i));
  return Math.sqrt(Math.max(0, 1 - overlap));
}

/** Arrays of numbers have no holes; the compiler cannot know. */
function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
