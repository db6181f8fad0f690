/** @file Reads and writes adapters as safetensors files, with the names of diffusers and PEFT or of kohya. */
import { z } from 'zod';
import { loraShapes } from '../../tensor/nn/lora.ts';
import {
  type DenoiserConfigs,
  TEXT_ENCODER,
  TEXT_ENCODER_2,
  UNET,
} from '../training/denoising-loss.ts';
import {
  readingTensors,
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
  SafetensorsError,
  type TensorData,
  type TensorEntry,
  writeSafetensors,
} from '../weights/safetensors.ts';
import {
  type AdaptableLayer,
  type LoraAdapter,
  type LoraLayer,
  mergeAdapters,
  modelOf,
  packLayers,
  packLora,
  type SessionLora,
} from './adapter.ts';
import { listAdaptableLayers, listUnusedLayers } from './layers.ts';
import {
  type LoraNaming,
  layerSpellings,
  shortModule,
  splitTensorName,
  type TensorRole,
  tensorNames,
} from './names.ts';

/** Where diffusers keeps PEFT's settings, as JSON: a file of its own naming has rank and alpha nowhere else. */
const METADATA_KEY = 'lora_adapter_metadata';

/**
 * Writes an adapter.
 *
 * With diffusers' names alpha stands in the header, where diffusers looks for it; with kohya's it
 * is a tensor beside each layer.
 *
 * @param options.dtype of the adapter's tensors; `F32` loses nothing
 * @param options.metadata strings for the header
 */
export function writeLora(
  file: string,
  adapter: LoraAdapter,
  options: {
    naming: LoraNaming;
    dtype: 'F32' | 'F16';
    metadata?: Readonly<Record<string, string>>;
  },
): void {
  const { naming, dtype, metadata } = options;
  const hasTwoEncoders = adapter.some(({ module }) => modelOf(module) === 'text_encoder_2');
  const tensors = adapter.flatMap((layer): TensorData[] => {
    const names = tensorNames(layer.module, naming, hasTwoEncoders);
    const shapes = loraShapes(layer.weightShape, layer.rank);
    const alpha = Float32Array.of(layer.alpha);
    return [
      { name: names.down, dtype, shape: shapes.down, data: layer.down },
      { name: names.up, dtype, shape: shapes.up, data: layer.up },
      ...(naming === 'kohya'
        ? [{ name: names.alpha, dtype: 'F32' as const, shape: [], data: alpha }]
        : []),
    ];
  });
  const described = naming === 'kohya' ? kohyaMetadata(adapter) : peftMetadata(adapter);
  writeSafetensors(file, tensors, { format: 'pt', ...metadata, ...described });
}

/** What kohya's own tools show of a file. */
function kohyaMetadata(adapter: LoraAdapter): Record<string, string> {
  return {
    ss_network_module: 'networks.lora',
    ss_network_dim: String(mostCommon(adapter.map(({ rank }) => rank))),
    ss_network_alpha: String(mostCommon(adapter.map(({ alpha }) => alpha))),
  };
}

/** PEFT's settings of each model, as its `LoraConfig` takes them; exceptions stand in patterns. */
function peftMetadata(adapter: LoraAdapter): Record<string, string> {
  const settings = [...new Set(adapter.map(({ module }) => modelOf(module)))].flatMap((model) => {
    const layers = adapter.filter(({ module }) => modelOf(module) === model);
    const [r, lora_alpha] = [
      mostCommon(layers.map(({ rank }) => rank)),
      mostCommon(layers.map(({ alpha }) => alpha)),
    ];
    const pattern = (usual: number, of: (layer: LoraLayer) => number) =>
      Object.fromEntries(
        layers
          .filter((layer) => of(layer) !== usual)
          .map((layer) => [shortModule(layer.module), of(layer)]),
      );
    const config = {
      r,
      lora_alpha,
      rank_pattern: pattern(r, ({ rank }) => rank),
      alpha_pattern: pattern(lora_alpha, ({ alpha }) => alpha),
      target_modules: layers.map(({ module }) => shortModule(module)),
      peft_type: 'LORA',
    };
    return Object.entries(config).map(([key, value]) => [`${model}.${key}`, value] as const);
  });
  return { [METADATA_KEY]: JSON.stringify(Object.fromEntries(settings)) };
}

function mostCommon(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])[0];
}

/** A layer's adapter that lies in a file. */
export interface StoredLoraLayer extends LoraLayer {
  readonly down: TensorEntry;
  readonly up: TensorEntry;
}

/** Reads an adapter, see {@link openLora}. */
export const readLora = (file: string, configs: DenoiserConfigs): LoraAdapter =>
  openLora(file, configs).map((layer) => ({
    ...layer,
    down: readTensorFloat32(layer.down),
    up: readTensorFloat32(layer.up),
  }));

/** Reads an adapter to where sessions take it from, see {@link openLora}. */
export const loadLora = (file: string, configs: DenoiserConfigs): SessionLora =>
  readingTensors(file, (read) =>
    packLayers(openLora(file, configs), (layer, tensor, into) => void read(layer[tensor], into)),
  );

/** Reads adapters that are used together, see {@link openLora} and {@link mergeAdapters}. */
export const loadLoras = (files: readonly string[], configs: DenoiserConfigs): SessionLora =>
  packLora(mergeAdapters(files.map((file) => readLora(file, configs))));

/**
 * Finds an adapter's tensors in a file, whichever way they are named.
 *
 * alpha is taken from the layer's tensor, else from PEFT's settings in the header, else it is the
 * rank, as the formats say. Adapters of layers that the base has but does not use are left out.
 *
 * @param configs of the base that it is put beside
 * @throws {SafetensorsError} naming the tensor that the base has no place for, that lacks its
 *   counterpart or that has another shape than the base expects
 */
export function openLora(file: string, configs: DenoiserConfigs): StoredLoraLayer[] {
  const { entries, metadata } = readSafetensorsHeader(file);
  const { layers, modules } = placesOf(configs);
  const found = new Map<string, Partial<Record<TensorRole, TensorEntry>>>();
  for (const entry of entries.values()) {
    const split = splitTensorName(entry.name);
    const module = split && modules.get(split.layer);
    if (!module) {
      throw new SafetensorsError(
        `${file}: tensor ${entry.name} belongs to no LoRA of this base; expected one down and one up matrix beside its layers`,
      );
    }
    const parts = found.get(module) ?? {};
    if (parts[split.role]) {
      throw new SafetensorsError(
        `${file}: ${entry.name} and ${parts[split.role]!.name} are the same tensor`,
      );
    }
    found.set(module, { ...parts, [split.role]: entry });
  }
  const alphaOf = readPeftAlphas(file, metadata);
  return layers.flatMap(({ module, weightShape }): StoredLoraLayer[] => {
    const parts = found.get(module);
    if (!parts) return [];
    const rank = checkRank(file, module, weightShape, parts);
    return [
      {
        module,
        weightShape,
        rank,
        alpha: parts.alpha ? readAlpha(parts.alpha) : (alphaOf(module) ?? rank),
        down: parts.down!,
        up: parts.up!,
      },
    ];
  });
}

/** Where a base has place for adapters. */
interface Places {
  readonly layers: readonly AdaptableLayer[];
  /** By every spelling of a layer that files are known to have, its module. */
  readonly modules: ReadonlyMap<string, string>;
}

/** They are found by building the models, which takes longer than to read an adapter. */
const knownPlaces = new WeakMap<DenoiserConfigs, Places>();

function placesOf(configs: DenoiserConfigs): Places {
  const known = knownPlaces.get(configs);
  if (known) return known;
  const layers = listAdaptableLayers(configs);
  const spellings = [...layers, ...listUnusedLayers(configs)].flatMap(({ module }) =>
    layerSpellings(module).map((name) => [name, module] as const),
  );
  const places = { layers, modules: new Map(spellings) };
  knownPlaces.set(configs, places);
  return places;
}

/** @returns the rank, once both tensors are there and fit the layer and each other */
function checkRank(
  file: string,
  module: string,
  weightShape: readonly number[],
  { down, up, alpha }: Partial<Record<TensorRole, TensorEntry>>,
): number {
  if (!down || !up) {
    const lone = (down ?? up ?? alpha)!;
    throw new SafetensorsError(
      `${file}: tensor ${lone.name} stands alone; expected the down and the up matrix of ${module}`,
    );
  }
  const rank = down.shape[0] ?? 0;
  const expected = loraShapes(weightShape, rank);
  for (const [entry, shape] of [
    [down, expected.down],
    [up, expected.up],
  ] as const) {
    // Linear layers and 1×1 convolutions are written either way.
    if (rank < 1 || withoutLastOnes(entry.shape) !== withoutLastOnes(shape)) {
      throw new SafetensorsError(
        `${file}: tensor ${entry.name} has shape [${entry.shape}], the base expects [${shape}]`,
      );
    }
  }
  return rank;
}

const withoutLastOnes = (shape: readonly number[]): string =>
  (shape.length === 4 && shape[2] === 1 && shape[3] === 1 ? shape.slice(0, 2) : shape).join();

function readAlpha(entry: TensorEntry): number {
  const values = entry.dtype.startsWith('I') ? readTensorInt32(entry) : readTensorFloat32(entry);
  const [alpha] = values;
  if (values.length !== 1 || alpha === undefined || !Number.isFinite(alpha)) {
    throw new SafetensorsError(`${entry.file}: tensor ${entry.name}: expected one finite number`);
  }
  return alpha;
}

const alphaSchema = z.number();
const patternSchema = z.record(z.string(), alphaSchema);

/** What PEFT's settings in a header say of a layer's alpha. */
function readPeftAlphas(
  file: string,
  metadata: Readonly<Record<string, string>>,
): (module: string) => number | undefined {
  const text = metadata[METADATA_KEY];
  if (text === undefined) return () => undefined;
  let settings: Record<string, unknown>;
  try {
    settings = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new SafetensorsError(`${file}: ${METADATA_KEY} is not a JSON object`, { cause });
  }
  for (const [name, value] of Object.entries(settings)) {
    if (/\.use_(rslora|dora)$/.test(name) && value === true) {
      throw new SafetensorsError(`${file}: adapters with ${name} are not supported`);
    }
  }
  const alphasOf = new Map(
    [UNET, TEXT_ENCODER, TEXT_ENCODER_2].map((model) => {
      const patterns = patternSchema.safeParse(settings[`${model}.alpha_pattern`]).data ?? {};
      const exceptions = Object.entries(patterns).map(
        ([pattern, alpha]) => [pattern.replace(/^\^/, ''), alpha] as const,
      );
      const usual = alphaSchema.safeParse(settings[`${model}.lora_alpha`]).data;
      return [model, { exceptions, usual }] as const;
    }),
  );
  return (module) => {
    const model = modelOf(module);
    const layer = module.slice(model.length + 1);
    const { exceptions = [], usual } = alphasOf.get(model) ?? {};
    const exception = exceptions.find(([end]) => layer === end || layer.endsWith(`.${end}`));
    return exception?.[1] ?? usual;
  };
}
