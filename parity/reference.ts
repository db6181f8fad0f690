/** @file Opens a checkpoint with the reference's results beside it: `reference.safetensors`, `reference.json`. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Checkpoint, openCheckpoint } from '#worker/diffusion/weights/diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
  type TensorEntry,
} from '#worker/diffusion/weights/safetensors.ts';
import type { Tensor } from '#worker/tensor/runtime/session.ts';

/** With which settings the reference's results were computed. */
const settingsSchema = z.looseObject({
  family: z.string().default('unknown'),
  prior_loss_weight: z.number(),
  guidance_scale: z.number(),
  steps: z.int().positive(),
  betas: z.tuple([z.number(), z.number()]),
  eps: z.number(),
  weight_decay: z.number(),
  max_grad_norm: z.number(),
  full: z.looseObject({ lr: z.number() }).optional(),
  lora: z.looseObject({ lora_alpha: z.number(), lr: z.number() }).optional(),
  note: z.string().default(''),
});
export type ReferenceSettings = z.infer<typeof settingsSchema>;

/** A folder that holds no reference checkpoint. */
export class NotAReferenceError extends Error {
  override readonly name = 'NotAReferenceError';
}

/** A checkpoint, and what the reference implementation computes with it. */
export class Reference {
  readonly checkpoint: Checkpoint;
  readonly settings: ReferenceSettings;
  readonly #entries: ReadonlyMap<string, TensorEntry>;
  readonly #read = new Set<string>();

  private constructor(
    checkpoint: Checkpoint,
    settings: ReferenceSettings,
    entries: ReadonlyMap<string, TensorEntry>,
  ) {
    this.checkpoint = checkpoint;
    this.settings = settings;
    this.#entries = entries;
  }

  /** @throws {NotAReferenceError} saying what is missing or damaged */
  static open(dir: string): Reference {
    const values = path.join(dir, 'reference.safetensors');
    const settings = path.join(dir, 'reference.json');
    for (const file of [path.join(dir, 'model_index.json'), values, settings]) {
      if (!existsSync(file))
        throw new NotAReferenceError(`${dir}: expected ${path.basename(file)}`);
    }
    try {
      const { entries } = readSafetensorsHeader(values);
      const parsed = settingsSchema.safeParse(JSON.parse(readFileSync(settings, 'utf8')));
      if (!parsed.success) throw new Error(`${settings}: ${z.prettifyError(parsed.error)}`);
      return new Reference(openCheckpoint(dir), parsed.data, entries);
    } catch (cause) {
      throw new NotAReferenceError((cause as Error).message, { cause });
    }
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Names that begin with `prefix`, without it. */
  under(prefix: string): string[] {
    return [...this.#entries.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  /** @throws {Error} when the reference has no such tensor */
  float(name: string): Tensor & { readonly data: Float32Array } {
    const entry = this.#entry(name);
    return { data: readTensorFloat32(entry), shape: entry.shape };
  }

  /** @throws {Error} when the reference has no such tensor */
  int(name: string): Tensor & { readonly data: Int32Array } {
    const entry = this.#entry(name);
    return { data: readTensorInt32(entry), shape: entry.shape };
  }

  /** Declares tensors as dealt with that no check needs to read. */
  skip(prefix: string): void {
    for (const name of this.#entries.keys()) if (name.startsWith(prefix)) this.#read.add(name);
  }

  /** Tensors that no check has read. */
  unread(): string[] {
    return [...this.#entries.keys()].filter((name) => !this.#read.has(name));
  }

  /** How many of `rows` are instance rows (they come first), and which one is the unconditional text. */
  rowRoles(rows: number): { instanceRows: number; unconditionalRow: number } {
    const { note } = this.settings;
    const split = note.match(/rows 0-(\d+) of every batch are instance rows, rows \d+-(\d+) class/);
    const stated = Number(note.match(/unconditional = row (\d+)/)?.[1] ?? rows);
    return {
      instanceRows: Number(split?.[2]) === rows - 1 ? Number(split?.[1]) + 1 : rows / 2,
      unconditionalRow: stated < rows ? stated : rows - 1,
    };
  }

  #entry(name: string) {
    const entry = this.#entries.get(name);
    if (!entry) throw new Error(`the reference has no tensor ${name}`);
    this.#read.add(name);
    return entry;
  }
}
