/** @file DreamBooth steps: losses, clipped gradients, and parameters after AdamW. */
import {
  buildDenoisingLoss,
  listDenoiserParameters,
  readCheckpointParameter,
  TEXT_ENCODER,
  TEXT_ENCODER_2,
  UNET,
} from '#worker/diffusion/training/denoising-loss.ts';
import type { Graph } from '#worker/tensor/graph/graph.ts';
import type { Weights } from '#worker/tensor/nn/weights.ts';
import type { ParameterSpec } from '#worker/tensor/optim/parameter-bank.ts';
import { scalar, Trainer } from '#worker/tensor/optim/trainer.ts';
import type { Feeds } from '#worker/tensor/runtime/session.ts';
import {
  absoluteRow,
  differ,
  eachRelativeRow,
  type Pair,
  type Row,
  ratio,
  relativeRow,
} from '../compare.ts';
import type { Reference } from '../reference.ts';
import type { Bench, Check } from './check.ts';
import { additionFeeds, tokenIds } from './models.ts';

const LOSS_TOLERANCE = 1e-5;
const GRAD_NORM_TOLERANCE = 1e-4;
const ALL_GRADS_TOLERANCE = 1e-4;
export const UPDATE_TOLERANCE = 1e-2;

/** Where the reference keeps a model's tensors within a section, and what we call them. */
const MODELS = [
  { gradients: 'grad_clipped/', after: 'param/', prefix: `${UNET}.` },
  { gradients: 'text_grad_clipped/', after: 'text_param/', prefix: `${TEXT_ENCODER}.` },
  { gradients: 'text_2_grad_clipped/', after: 'text_2_param/', prefix: `${TEXT_ENCODER_2}.` },
];

export const checkUnetTraining: Check = (bench) => checkFullTraining(bench, 'full', false);
export const checkTextTraining: Check = (bench) => checkFullTraining(bench, 'full_te', true);

async function* checkFullTraining(
  bench: Bench,
  section: string,
  trainTextEncoder: boolean,
): AsyncGenerator<Row> {
  const { reference } = bench;
  if (!reference.has(`${section}/losses`)) return;
  const { checkpoint, settings } = reference;
  if (!settings.full) throw new Error('reference.json: expected full.lr');
  const specs = listDenoiserParameters(checkpoint, trainTextEncoder);
  const initial = new Map(
    specs.map((spec) => [spec.name, readCheckpointParameter(checkpoint, spec)]),
  );
  const training = await trainThreeSteps(bench, {
    section,
    specs,
    initial: (name) => initial.get(name)!,
    lr: settings.full.lr,
    trainTextEncoder,
  });
  yield* training.rows;

  const ours = new Map(specs.map(({ name }) => [name.replace('.text_model.', '.'), name]));
  /** Our name of a tensor of the reference, which leaves out `text_model.`. */
  const ourName = (prefix: string, stored: string): string => {
    const name = ours.get(prefix + stored.replace(/^text_model\./, ''));
    if (!name) throw new Error(`${section}: the reference trained ${prefix}${stored}, we do not`);
    return name;
  };
  const gradients = MODELS.flatMap(({ gradients: folder, prefix }) =>
    reference.under(`${section}/${folder}`).map((stored) => {
      const item = `${section}/${folder}${stored}`;
      const computed = training.firstGradients.get(ourName(prefix, stored))!;
      return { item, pair: [computed, reference.float(item).data] as const };
    }),
  );
  yield* gradientRows(`${section}/grad_clipped`, gradients, bench.slack);
  for (const { after, prefix } of MODELS) {
    const stored = reference.under(`${section}/${after}`);
    if (stored.length === 0) continue;
    const updates = stored.map((name): Pair => {
      const own = ourName(prefix, name);
      const expected = reference.float(`${section}/${after}${name}`).data;
      return updatePair(initial.get(own)!, training.after.get(own)!, expected);
    });
    const item = `${section}/${after.slice(0, -1)} (update)`;
    yield relativeRow(item, updates, UPDATE_TOLERANCE * bench.slack);
  }
}

/** How much each element has changed. */
export function updatePair(
  before: Float32Array,
  computed: Float32Array,
  reference: Float32Array,
): Pair {
  const change = (after: Float32Array) =>
    Float64Array.from(after, (value, i) => value - before[i]!);
  return [change(computed), change(reference)];
}

/**
 * Each gradient gᵢ of nᵢ elements: ‖errᵢ‖ ≤ 1e-3·‖gᵢ‖ + 1e-6·‖g‖·√(nᵢ/n), so that gradients that
 * are zero but for rounding do not count; and all together.
 */
function* gradientRows(
  section: string,
  gradients: readonly { item: string; pair: Pair }[],
  slack: number,
): Generator<Row> {
  if (gradients.length === 0) return;
  const all = differ(gradients.map(({ pair }) => pair));
  const count = gradients.reduce((sum, { pair }) => sum + pair[1].length, 0);
  for (const { item, pair } of gradients) {
    const { errorNorm, referenceNorm, maxAbs } = differ([pair]);
    const share = all.referenceNorm * Math.sqrt(pair[1].length / count);
    const allowed = slack * (1e-3 * referenceNorm + 1e-6 * share);
    yield {
      item,
      relativeL2: ratio(errorNorm, referenceNorm),
      maxAbs,
      tolerance: ratio(allowed, referenceNorm),
      measure: 'relativeL2',
      pass: errorNorm <= allowed,
    };
  }
  const pairs = gradients.map(({ pair }) => pair);
  yield relativeRow(`${section} (all)`, pairs, ALL_GRADS_TOLERANCE * slack);
}

export interface TrainingRun {
  /** Where the reference keeps the run: `full`, `full_te`, `lora`. */
  section: string;
  specs: readonly ParameterSpec[];
  initial: (name: string) => Float32Array;
  lr: number;
  trainTextEncoder: boolean;
  /** What the loss is built on, where it is not the trained tensors themselves. */
  weights?: (graph: Graph, parameters: Weights) => Weights;
}

/** Makes as many steps as the reference has losses of, always on the same batch. */
export async function trainThreeSteps(
  { reference, provider, slack }: Bench,
  run: TrainingRun,
): Promise<{
  rows: Row[];
  firstGradients: Map<string, Float32Array>;
  after: Map<string, Float32Array>;
}> {
  const { checkpoint, settings } = reference;
  const { betas, eps, weight_decay: weightDecay, max_grad_norm: maxGradNorm } = settings;
  const sample = reference.float('unet/noisy');
  const [rows, , latentHeight, latentWidth] = sample.shape as [number, number, number, number];
  const { instanceRows } = reference.rowRoles(rows);
  const [, tokens] = reference.int('ids').shape as [number, number];
  const trainer = await Trainer.create({
    parameters: run.specs,
    initial: run.initial,
    adamw: { betas, eps, weightDecay, maxGradNorm },
    provider,
    build: (graph, parameters) => {
      const { loss, rowLosses } = buildDenoisingLoss(
        graph,
        run.weights?.(graph, parameters) ?? parameters,
        checkpoint,
        {
          rows,
          latentHeight,
          latentWidth,
          prompts: rows,
          tokens,
          trainTextEncoder: run.trainTextEncoder,
        },
      );
      return { loss, outputs: { rowLosses } };
    },
  });
  const feeds = trainingFeeds(reference, instanceRows, run.trainTextEncoder);
  const classes = new Set(run.specs.map(({ lrClass }) => lrClass));
  const lrs = Object.fromEntries([...classes].map((name) => [name, run.lr]));

  const expected = reference.float(`${run.section}/losses`);
  const columns: number[][] = [[], [], [], []];
  const firstGradients = new Map<string, Float32Array>();
  for (let step = 0; step < expected.shape[0]!; step++) {
    const results = await trainer.step(feeds, lrs);
    const rowLosses = [...results.rowLosses!.data];
    columns[0]!.push(scalar(results, 'loss'));
    columns[1]!.push(mean(rowLosses.slice(0, instanceRows)));
    columns[2]!.push(mean(rowLosses.slice(instanceRows)));
    columns[3]!.push(scalar(results, 'gradNorm'));
    if (step > 0) continue;
    await trainer.download();
    // After one update from zero, expAvg is (1 − β₁) times the clipped gradient.
    for (const { name } of run.specs) {
      const moment = trainer.bank.view(trainer.state.expAvg, name);
      firstGradients.set(
        name,
        moment.map((value) => value / (1 - betas[0])),
      );
    }
  }
  await trainer.download();
  const after = new Map(run.specs.map(({ name }) => [name, trainer.parameter(name).slice()]));
  await trainer.close();

  const column = (index: number): Pair => [
    columns[index]!,
    expected.data.filter((_, i) => i % 4 === index),
  ];
  const [total, instance, prior, norm] = [0, 1, 2, 3].map(column) as [Pair, Pair, Pair, Pair];
  return {
    rows: [
      absoluteRow(`${run.section}/losses total`, [total], LOSS_TOLERANCE * slack),
      absoluteRow(`${run.section}/losses instance`, [instance], LOSS_TOLERANCE * slack),
      absoluteRow(`${run.section}/losses prior`, [prior], LOSS_TOLERANCE * slack),
      eachRelativeRow(`${run.section}/losses gradient norm`, norm, GRAD_NORM_TOLERANCE * slack),
    ],
    firstGradients,
    after,
  };
}

function trainingFeeds(
  reference: Reference,
  instanceRows: number,
  trainTextEncoder: boolean,
): Feeds {
  const sample = reference.float('unet/noisy');
  const rows = sample.shape[0]!;
  const { prior_loss_weight } = reference.settings;
  const { pooled, timeIds } = additionFeeds(reference, sample);
  const weightOf = (row: number) =>
    row < instanceRows ? 1 / instanceRows : prior_loss_weight / (rows - instanceRows);
  return {
    noisyLatents: sample,
    target: reference.float('unet/target'),
    timesteps: reference.int('unet/timesteps'),
    rowWeights: { data: Float32Array.from({ length: rows }, (_, i) => weightOf(i)), shape: [rows] },
    rowPrompts: { data: Int32Array.from({ length: rows }, (_, i) => i), shape: [rows] },
    ...(timeIds && { timeIds }),
    ...(trainTextEncoder
      ? { ...tokenIds(reference) }
      : {
          promptStates: reference.float('text/hidden'),
          ...(pooled && { promptPooled: pooled }),
        }),
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
