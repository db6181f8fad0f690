/**
 * @file The paper's judges from ONNX files: DINO ViT-S/16 (CLS token, DINO's own transform), CLIP
 * ViT-B/32 and, where there is a file of it, LPIPS on AlexNet.
 */
import path from 'node:path';
import { type ClipTokenizer, loadClipTokenizer } from '../diffusion/tokenizers/clip-tokenizer.ts';
import { type FileSession, openOnnxFile, type Tensor } from '../tensor/runtime/session.ts';
import { EvaluationError } from './evaluation-error.ts';
import { type Judge, pairsOf } from './judge.ts';
import type { RgbPicture } from './pictures.ts';
import { resizeBicubic } from './resize-bicubic.ts';

/** Where the files of the paper's judges are. */
export interface PaperJudgeFiles {
  /** Gives `[n, tokens, 384]`, or the CLS token alone, `[n, 384]`. */
  readonly dino: string;
  /** Gives `image_embeds`. */
  readonly clipVision: string;
  /** Gives `text_embeds`. */
  readonly clipText: string;
  /** Folder with CLIP's `vocab.json` and `merges.txt`. */
  readonly clipTokenizer: string;
  /** Takes two batches in [−1, 1]; absent: no perceptual distance. */
  readonly lpips?: string;
}

/** How pictures become input: resized on the short side, cut to a square, normalized by channel. */
export interface Transform {
  readonly resize: number;
  readonly crop: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** @see https://github.com/facebookresearch/dino, eval_knn.py */
export const DINO_TRANSFORM: Transform = {
  resize: 256,
  crop: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
/** @see https://github.com/openai/CLIP, clip/clip.py `_transform` */
export const CLIP_TRANSFORM: Transform = {
  resize: 224,
  crop: 224,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/**
 * Resizes as torchvision does a PIL picture (antialiased bicubic, the short side), cuts out the middle.
 * @returns float32 `[3, crop, crop]`
 */
export function transformPicture(
  picture: RgbPicture,
  { resize, crop, mean, std }: Transform,
): Float32Array {
  const scale = resize / Math.min(picture.width, picture.height);
  const size = (side: number) => Math.max(resize, Math.trunc(side * scale));
  const [width, height] = [size(picture.width), size(picture.height)];
  const { rgb } = resizeBicubic(picture, { width, height });
  const [left, top] = [halfToEven(width - crop), halfToEven(height - crop)];
  const plane = crop * crop;
  const pixels = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    const at = 3 * ((top + Math.floor(i / crop)) * width + left + (i % crop));
    for (let c = 0; c < 3; c++) pixels[c * plane + i] = (rgb[at + c]! / 255 - mean[c]!) / std[c]!;
  }
  return pixels;
}

/** Half of a whole number; a rest of ½ is rounded to the even neighbour, as in Python. */
function halfToEven(value: number): number {
  const below = Math.floor(value / 2);
  return below + (value % 2 === 1 && below % 2 === 1 ? 1 : 0);
}

/** Rows in one run, where the file does not say. */
const BATCH = 8;
/** CLIP's length of a text. */
const TOKENS = 77;

/** @throws {EvaluationError} when a file is missing or is another model */
export async function openPaperJudge(
  files: PaperJudgeFiles,
  options: { threads?: number } = {},
): Promise<Judge> {
  const open = async (file: string) => {
    try {
      return await openOnnxFile(file, options);
    } catch (cause) {
      throw new EvaluationError(`${file}: expected an ONNX model (${(cause as Error).message})`, {
        cause,
      });
    }
  };
  const [dino, vision, text] = [
    await open(files.dino),
    await open(files.clipVision),
    await open(files.clipText),
  ];
  const lpips = files.lpips === undefined ? undefined : await open(files.lpips);
  const tokenizer = loadClipTokenizer(files.clipTokenizer);
  const embed = async (
    model: FileSession,
    transform: Transform,
    pictures: readonly RgbPicture[],
  ) => {
    const rows = pictures.map((picture) => transformPicture(picture, transform));
    const shape = [3, transform.crop, transform.crop];
    return firstVectors(await runRows(model, rows, shape), model);
  };
  return {
    name: 'paper',
    async see(pictures) {
      const identities = await embed(dino, DINO_TRANSFORM, pictures);
      const images = await embed(vision, CLIP_TRANSFORM, pictures);
      return pictures.map((_, i) => ({ identity: identities[i]!, image: images[i]! }));
    },
    readTexts: (texts) => readTexts(text, tokenizer, texts),
    distances: async (pictures) => {
      if (!lpips) return undefined;
      const values: number[] = [];
      for (const [a, b] of pairsOf(pictures)) values.push(await lpipsDistance(lpips, a, b));
      return values;
    },
    async close() {
      for (const session of [dino, vision, text, ...(lpips ? [lpips] : [])]) await session.close();
    },
  };
}

/** Runs a model of one picture input over all rows, in batches of the size that it wants. */
async function runRows(
  model: FileSession,
  rows: readonly Float32Array[],
  rowShape: readonly number[],
): Promise<Tensor[]> {
  const [input] = model.inputs;
  const wanted = input?.shape[0];
  const batch = typeof wanted === 'number' && wanted > 0 ? wanted : BATCH;
  const size = rowShape.reduce((product, length) => product * length, 1);
  const outputs: Tensor[] = [];
  for (let start = 0; start < rows.length; start += batch) {
    const data = new Float32Array(batch * size);
    for (const [i, row] of rows.slice(start, start + batch).entries()) data.set(row, i * size);
    const results = await model.run({ [input!.name]: { data, shape: [batch, ...rowShape] } });
    const output = pickOutput(results, model);
    const width = output.data.length / batch;
    for (let i = 0; i < Math.min(batch, rows.length - start); i++) {
      const row = (output.data as Float32Array).slice(i * width, (i + 1) * width);
      outputs.push({ data: row, shape: output.shape.slice(1) });
    }
  }
  return outputs;
}

/** The projected embedding where a model gives several outputs, else the first one. */
function pickOutput(results: Readonly<Record<string, Tensor>>, { outputs }: FileSession): Tensor {
  const name = outputs.find((output) => /^(image|text)_embeds$/.test(output)) ?? outputs[0]!;
  return results[name]!;
}

/** `[tokens, width]` gives its first token, the CLS token; `[width]` is taken as it is. */
function firstVectors(rows: readonly Tensor[], { outputs }: FileSession): Float32Array[] {
  return rows.map(({ data, shape }) => {
    if (shape.length > 2)
      throw new EvaluationError(
        `output ${outputs[0]} has rows of shape [${shape}], expected a vector or a list of tokens`,
      );
    return unit((data as Float32Array).subarray(0, shape.at(-1)!));
  });
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / length);
}

/** Texts that are too long are cut, as CLIP's own tokenizer can be told to. */
async function readTexts(
  model: FileSession,
  tokenizer: ClipTokenizer,
  texts: readonly string[],
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const text of texts) {
    const tokens = tokenizer.encode(text).slice(0, TOKENS - 2);
    const ids = new Int32Array(TOKENS).fill(tokenizer.padId);
    ids.set([tokenizer.bosId, ...tokens, tokenizer.eosId]);
    const mask = Int32Array.from(ids, (_, i) => (i < tokens.length + 2 ? 1 : 0));
    const feeds = Object.fromEntries(
      model.inputs.map(({ name }) => [
        name,
        { data: name === 'attention_mask' ? mask : ids, shape: [1, TOKENS] },
      ]),
    );
    const { data } = pickOutput(await model.run(feeds), model);
    vectors.push(unit(data as Float32Array));
  }
  return vectors;
}

/** Pictures in [−1, 1] at their own size, or at the one that the file wants. */
async function lpipsDistance(model: FileSession, a: RgbPicture, b: RgbPicture): Promise<number> {
  const [first, second] = model.inputs;
  if (!first || !second)
    throw new EvaluationError('LPIPS: expected a model of two pictures, it has one input');
  const [height, width] = [2, 3].map((axis, i) => {
    const wanted = first.shape[axis];
    return typeof wanted === 'number' && wanted > 0 ? wanted : [a.height, a.width][i]!;
  }) as [number, number];
  const tensor = (picture: RgbPicture): Tensor => {
    const { rgb } = resizeBicubic(picture, { width, height });
    const plane = width * height;
    const data = new Float32Array(3 * plane);
    for (let i = 0; i < plane; i++)
      for (let c = 0; c < 3; c++) data[c * plane + i] = rgb[3 * i + c]! / 127.5 - 1;
    return { data, shape: [1, 3, height, width] };
  };
  const results = await model.run({
    [first.name]: tensor(a),
    [second.name]: tensor(b),
  });
  return results[model.outputs[0]!]!.data[0]!;
}

/** How the files are called in a folder; the names are those of their repositories at the hub. */
export const PAPER_FILES = {
  dino: 'dino-vits16/onnx/model.onnx',
  clipVision: 'clip-vit-base-patch32/onnx/vision_model.onnx',
  clipText: 'clip-vit-base-patch32/onnx/text_model.onnx',
  clipTokenizer: 'clip-vit-base-patch32',
  lpips: 'lpips-alex.onnx',
} as const satisfies Required<PaperJudgeFiles>;

/** @returns the files of a folder that is laid out as {@link PAPER_FILES} says */
export function paperFilesIn(dir: string, hasLpips: boolean): PaperJudgeFiles {
  const { lpips, ...others } = PAPER_FILES;
  const found = Object.fromEntries(
    Object.entries(others).map(([name, file]) => [name, path.join(dir, file)]),
  ) as Record<keyof typeof others, string>;
  return hasLpips ? { ...found, lpips: path.join(dir, lpips) } : found;
}
