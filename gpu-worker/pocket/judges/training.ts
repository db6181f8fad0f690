/** @file A training step of the judges: which pictures and captions, and the sum of the losses. */
import { listParameters } from '../../diffusion/models/list-parameters.ts';
import type { ClipTokenizer } from '../../diffusion/tokenizers/clip-tokenizer.ts';
import type { ClipTextConfig } from '../../diffusion/weights/model-configs.ts';
import type { Value } from '../../tensor/graph/graph.ts';
import { add, mul } from '../../tensor/graph/ops/elementwise.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import { Trainer } from '../../tensor/optim/trainer.ts';
import { Philox } from '../../tensor/random/philox.ts';
import type { Feeds } from '../../tensor/runtime/session.ts';
import { initialWeights } from '../pretraining/initial-weights.ts';
import { captionOf } from '../world/captions.ts';
import { createRandom } from '../world/random.ts';
import { CLASSES, type Scene } from '../world/scene.ts';
import { CHOICE_COUNT, writeTargets } from './attributes.ts';
import { degrade } from './degrade.ts';
import { attributeLoss, captionLoss, identityLoss, looksLoss } from './losses.ts';
import {
  buildSight,
  buildTextSense,
  guessLooks,
  JUDGE_SIZE,
  LOOKS,
  PATCH_SHAPE,
  toPatches,
} from './network.ts';
import {
  PICTURES_EACH,
  siblingOf,
  type TrainingPictures,
  trainingScene,
} from './training-pictures.ts';

/** A batch: pairs of twins of a few classes, two pictures of each individual. */
const CLASSES_A_BATCH = 4;
const TWINS_A_CLASS = 3;
const PICTURES_A_SUBJECT = 2;
export const JUDGE_BATCH = CLASSES_A_BATCH * TWINS_A_CLASS * 2 * PICTURES_A_SUBJECT;

const SMOOTHING = 0.05;
const TEMPERATURE = 0.1;
const SHARE = { attributes: 1, identity: 1, captions: 0.5, looks: 3 } as const;
/** Chance that a rare token stands before the class noun: to the text judge it means nothing. */
const IDENTIFIER_CHANCE = 0.15;

const STREAM = { choice: 41, degrade: 42 } as const;

function judgeLosses(weights: Weights, config: ClipTextConfig, feeds: Record<string, Value>) {
  const sight = buildSight(weights, feeds.patches!);
  const guess = guessLooks(weights, sight);
  const text = buildTextSense(weights, config, feeds.ids!);
  const attributes = attributeLoss(sight.logits, feeds.attributes!);
  const identity = identityLoss(sight.identity, feeds.samePictures!, TEMPERATURE);
  const captions = captionLoss(sight.semantic, text, feeds.sameCaptions!, TEMPERATURE);
  const looks = looksLoss(guess, feeds.looks!, feeds.looksShown!);
  const parts = { attributes, identity, captions, looks };
  const loss = Object.entries(parts)
    .map(([name, part]) => mul(part, SHARE[name as keyof typeof SHARE]))
    .reduce((a, b) => add(a, b));
  return { loss, parts };
}

const shapesOf = (rows: number, tokens: number) =>
  ({
    patches: [rows, ...PATCH_SHAPE],
    attributes: [rows, CHOICE_COUNT],
    samePictures: [rows, rows],
    sameCaptions: [rows, rows],
    looks: [rows, LOOKS],
    looksShown: [rows, LOOKS],
    ids: [rows, tokens],
  }) as const;

const dtypeOf = (name: string) => (name === 'ids' ? 'int32' : 'float32');

/**
 * A trainer of all judges.
 * @param read gives first values; what it has none for begins from nothing
 */
export function createJudgeTrainer(
  config: ClipTextConfig,
  seed: number,
  threads: number,
  read: ((name: string) => Float32Array | undefined) | undefined,
): Promise<Trainer> {
  const tokens = config.max_position_embeddings;
  const declare = (
    rows: number,
    input: (name: string, dtype: 'int32' | 'float32', shape: readonly number[]) => Value,
  ) =>
    Object.fromEntries(
      Object.entries(shapesOf(rows, tokens)).map(([name, shape]) => [
        name,
        input(name, dtypeOf(name), shape),
      ]),
    );
  const shapes = listParameters((weights, input) => {
    const feeds = declare(2, (_, dtype, shape) => input(dtype, shape));
    judgeLosses(weights, config, feeds);
  });
  const order = new Map(shapes.map((shape, i) => [shape.name, { shape, i }]));
  return Trainer.create({
    parameters: shapes.map((shape) => ({ ...shape, lrClass: 'judges' })),
    initial: (name) =>
      read?.(name) ?? initialWeights(order.get(name)!.shape, seed, order.get(name)!.i),
    threads,
    adamw: { betas: [0.9, 0.99], weightDecay: 0.02 },
    build: (graph, weights) => {
      const feeds = declare(JUDGE_BATCH, (name, dtype, shape) => graph.input(name, dtype, shape));
      const { loss, parts } = judgeLosses(weights, config, feeds);
      const outputs = Object.entries(parts).map(([name, part]) => [`loss/${name}`, part]);
      return { loss, outputs: Object.fromEntries(outputs) };
    },
  });
}

/** One picture of a batch. */
interface Row {
  readonly subject: number;
  readonly picture: number;
}

/** Draws the rows of a batch: few classes, so that most of what a picture is compared with is of its class. */
function drawRows(subjects: number, choice: Philox): Row[] {
  const rounds = Math.floor(subjects / (2 * CLASSES.length));
  const classes = CLASSES.map((_, i) => i);
  const rows: Row[] = [];
  for (let k = 0; k < CLASSES_A_BATCH; k++) {
    const [classIndex] = classes.splice(choice.integer(classes.length), 1);
    const taken = new Set<number>();
    while (taken.size < TWINS_A_CLASS) taken.add(choice.integer(rounds));
    for (const round of taken) {
      const first = 2 * (round * CLASSES.length + classIndex!);
      for (const subject of [first, siblingOf(first)]) {
        const start = choice.integer(PICTURES_EACH);
        const step = 1 + choice.integer(PICTURES_EACH - 1);
        for (let i = 0; i < PICTURES_A_SUBJECT; i++)
          rows.push({ subject, picture: (start + i * step) % PICTURES_EACH });
      }
    }
  }
  return rows;
}

/** @returns a caption, now and then with a rare token before the class noun */
function captionWithIdentifier(scene: Scene, identifiers: readonly string[], choice: Philox) {
  const caption = captionOf(scene, createRandom(choice.uint32()));
  if (choice.uniform() >= IDENTIFIER_CHANCE) return caption;
  const identifier = identifiers[choice.integer(identifiers.length)]!;
  return caption.replace(scene.subject.className, `${identifier} ${scene.subject.className}`);
}

/** Tints do not show where there are no colours, shapes hardly where there is no detail. */
function writeLooks(scene: Scene, looks: Float32Array, shown: Float32Array, row: number): void {
  const { tint, shape } = scene.subject;
  looks.set([...tint.flat(), ...shape.map((s) => 2 * s - 1)], row * LOOKS);
  const tints = scene.style === 'plain' ? 1 : 0;
  const shapes = scene.style === 'pixel art' || scene.view === 'far away' ? 0.2 : 1;
  shown.fill(tints, row * LOOKS, row * LOOKS + tint.flat().length);
  shown.fill(shapes, row * LOOKS + tint.flat().length, (row + 1) * LOOKS);
}

/** Row i spreads 1 over the rows that `same` says, itself included where `itself` is true. */
function spread(rows: number, itself: boolean, same: (a: number, b: number) => boolean) {
  const out = new Float32Array(rows * rows);
  for (let a = 0; a < rows; a++) {
    const partners = Array.from({ length: rows }, (_, b) => b).filter(
      (b) => (itself || a !== b) && same(a, b),
    );
    for (const b of partners) out[a * rows + b] = 1 / partners.length;
  }
  return out;
}

/** What step `step` is fed; it depends on the seed and its number alone. */
export function judgeFeeds(
  pictures: TrainingPictures,
  subjects: number,
  tokenizer: ClipTokenizer,
  identifiers: readonly string[],
  seed: number,
  step: number,
): Feeds {
  const choice = new Philox(seed, step, STREAM.choice);
  const rows = drawRows(subjects, choice);
  const shapes = shapesOf(rows.length, tokenizer.maxLength);
  const size = (name: keyof typeof shapes) => shapes[name].reduce((a, b) => a * b, 1);
  const patches = new Float32Array(size('patches'));
  const pixels = new Float32Array(patches.length / rows.length);
  const attributes = new Float32Array(size('attributes'));
  const looks = new Float32Array(size('looks'));
  const looksShown = new Float32Array(size('looksShown'));
  const ids = new Int32Array(size('ids'));
  const captions: string[] = [];
  for (const [row, { subject, picture }] of rows.entries()) {
    pictures.read(subject, picture, pixels);
    degrade(pixels, JUDGE_SIZE, new Philox(seed, step, STREAM.degrade, row));
    toPatches(pixels, patches.subarray(row * pixels.length, (row + 1) * pixels.length));
    const scene = trainingScene(subject, picture);
    writeTargets(scene, attributes, row, SMOOTHING);
    writeLooks(scene, looks, looksShown, row);
    const caption = captionWithIdentifier(scene, identifiers, choice);
    captions.push(caption);
    ids.set(tokenizer.encodePadded(caption), row * tokenizer.maxLength);
  }
  const data = {
    patches,
    attributes,
    looks,
    looksShown,
    ids,
    samePictures: spread(rows.length, false, (a, b) => rows[a]!.subject === rows[b]!.subject),
    sameCaptions: spread(rows.length, true, (a, b) => captions[a] === captions[b]),
  };
  return Object.fromEntries(
    Object.entries(data).map(([name, values]) => [
      name,
      { data: values, shape: shapes[name as keyof typeof shapes] },
    ]),
  );
}
