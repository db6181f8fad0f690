/** @file Adapters: the prediction with one, and DreamBooth steps that train one on frozen weights. */
import {
  downName,
  type LoraAdapter,
  listLoraParameters,
  packLora,
  upName,
} from '#worker/diffusion/lora/adapter.ts';
import { trainedLora } from '#worker/diffusion/lora/training.ts';
import { predictNoise } from '#worker/diffusion/pipelines/sessions.ts';
import { UNET } from '#worker/diffusion/training/denoising-loss.ts';
import { type Pair, relativeRow } from '../compare.ts';
import type { Reference } from '../reference.ts';
import type { Check } from './check.ts';
import { MODEL_TOLERANCE, unetFeeds } from './models.ts';
import { trainThreeSteps, UPDATE_TOLERANCE, updatePair } from './training.ts';

export const checkLora: Check = async function* (bench) {
  const { reference, cache, slack } = bench;
  if (reference.under('lora/before/').length === 0) return;
  const { unet } = reference.checkpoint;
  const adapter = readAdapter(reference);
  if (reference.has('lora/prediction')) {
    const { unet: packed } = packLora(adapter);
    const feeds = unetFeeds(reference);
    const prediction = await predictNoise(cache, unet, unet.tensors, feeds, packed);
    const expected = reference.float('lora/prediction').data;
    yield relativeRow('lora/prediction', [[prediction, expected]], MODEL_TOLERANCE * slack);
  }
  if (!reference.has('lora/losses')) return;
  const stored = (folder: 'before' | 'after', name: string) =>
    reference.float(`lora/${folder}/${name.slice(UNET.length + 1)}`).data;
  const specs = listLoraParameters(adapter);
  const { rows, after } = await trainThreeSteps(bench, {
    section: 'lora',
    specs,
    initial: (name) => stored('before', name),
    lr: loraSettings(reference).lr,
    trainTextEncoder: false,
    weights: (graph, parameters) => trainedLora(graph, reference.checkpoint, adapter, parameters),
  });
  yield* rows;
  const updates = specs.map(
    ({ name }): Pair => updatePair(stored('before', name), after.get(name)!, stored('after', name)),
  );
  yield relativeRow('lora/after (update)', updates, UPDATE_TOLERANCE * slack);
};

/** The adapter that the reference begins with, on the layers that it names. */
function readAdapter(reference: Reference): LoraAdapter {
  const { lora_alpha: alpha } = loraSettings(reference);
  const suffix = downName('');
  const modules = reference
    .under('lora/before/')
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length));
  return modules.map((module) => {
    const down = reference.float(`lora/before/${downName(module)}`);
    const up = reference.float(`lora/before/${upName(module)}`);
    const [rank, ...rest] = down.shape as [number, ...number[]];
    return {
      module: `${UNET}.${module}`,
      weightShape: [up.shape[0]!, ...rest],
      rank,
      alpha,
      down: down.data,
      up: up.data,
    };
  });
}

function loraSettings({ settings }: Reference) {
  if (!settings.lora) throw new Error('reference.json: expected lora.lora_alpha and lora.lr');
  return settings.lora;
}
