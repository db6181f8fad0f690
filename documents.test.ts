/** @file Holds the documents to the sources: commands, features, variables, scripts, failure codes, training options, operators, sizes of the known bases. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ApplicationCommandOptionType } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeCommands } from './bot/commands/describe-commands.ts';
import { commands, messageCommands } from './bot/commands/index.ts';
import { botConfigSchema } from './bot/config.ts';
import { failureCodes } from './db/jobs/outcome.ts';
import { samplerNames } from './db/jobs/render-prompt.ts';
import { workerConfigSchema } from './gpu-worker/config.ts';
import { SAMPLER_NAMES } from './gpu-worker/diffusion/schedulers/create-sampler.ts';
import {
  DEFAULT_METHOD,
  DEFAULT_TRAINING,
  LORA_LEARNING_RATES,
} from './gpu-worker/dreambooth/default-settings.ts';
import { trainingSettingsSchema } from './gpu-worker/dreambooth/requests.ts';
import { DIFFERENTIABLE_OPS } from './gpu-worker/tensor/graph/differentiable-ops.ts';

const read = (name: string): string => readFileSync(path.join(import.meta.dirname, name), 'utf8');

/** The cells of a table's rows, below the heading that begins with `heading`. */
function tableRows(document: string, heading: string): string[][] {
  const lines = document.split('\n');
  const start = lines.findIndex((line) => line.startsWith(heading));
  expect(start, heading).toBeGreaterThanOrEqual(0);
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  return lines.slice(start + 2, end === -1 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const quoted = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

describe('docs/operations.md', () => {
  const document = read('docs/operations.md');
  const fields = (schema: unknown) => Object.keys((schema as z.ZodObject).shape);
  const variables = new Map(
    tableRows(document, '| Variable').map(([name, readBy, standard]) => [
      quoted(name!)[0]!,
      { readBy, standard },
    ]),
  );

  test('lists every variable of .env.example, and no other', () => {
    const example = [...read('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(
      ([, name]) => name!,
    );
    expect([...variables.keys()].sort()).toEqual(example.sort());
  });

  test.each([
    ['bot', fields(botConfigSchema)],
    ['worker', fields(workerConfigSchema)],
  ])('says what %s reads', (reader, names) => {
    const said = [...variables].filter(([, { readBy }]) => readBy!.split(', ').includes(reader));
    expect(said.map(([name]) => name).sort()).toEqual(names.sort());
  });

  test('says which variables must be set', () => {
    const required = [...variables].filter(([, { standard }]) => standard === 'required');
    const missing = [botConfigSchema, workerConfigSchema].flatMap((schema) =>
      (schema as z.ZodType).safeParse({}).error!.issues.map((issue) => issue.path.join()),
    );
    expect(required.map(([name]) => name).sort()).toEqual(
      [...new Set([...missing, 'POSTGRES_PASSWORD'])].sort(),
    );
  });

  test('lists every script, and no other', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const listed = tableRows(document, '| Script').flatMap(([names]) =>
      quoted(names!).map((name) => name.replace(/^npm (run )?/, '')),
    );
    expect(listed.sort()).toEqual(Object.keys(scripts).sort());
  });

  test('explains every failure code, and no other', () => {
    const listed = tableRows(document, '| Code').flatMap(([codes]) => quoted(codes!));
    expect(listed.sort()).toEqual([...failureCodes].sort());
  });
});

describe('docs/training-options.md', () => {
  const rows = tableRows(read('docs/training-options.md'), '| Setting');
  const { properties } = z.toJSONSchema(trainingSettingsSchema) as {
    properties: Record<string, JsonSchema>;
  };

  /** The part of a JSON schema that settings use. */
  interface JsonSchema {
    readonly type?: string;
    readonly enum?: readonly string[];
    readonly items?: JsonSchema;
    readonly anyOf?: readonly JsonSchema[];
    readonly minimum?: number;
    readonly exclusiveMinimum?: number;
    readonly maximum?: number;
  }

  function rangeOf(schema: JsonSchema): string {
    if (schema.anyOf) return `${rangeOf(schema.anyOf[0]!)}, or none`;
    if (schema.items) return rangeOf(schema.items);
    const choices = schema.type === 'boolean' ? ['true', 'false'] : schema.enum;
    if (choices) return choices.map((choice) => `\`${choice}\``).join(', ');
    const { minimum, exclusiveMinimum, maximum = Infinity } = schema;
    const isOpen = maximum >= Number.MAX_SAFE_INTEGER;
    if (exclusiveMinimum !== undefined) {
      return isOpen ? `above ${exclusiveMinimum}` : `above ${exclusiveMinimum}, to ${maximum}`;
    }
    return isOpen ? `from ${minimum}` : `${minimum} to ${maximum}`;
  }

  const say = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(say).join(', ');
    if (typeof value !== 'number') return value === null ? 'none' : `\`${value}\``;
    return value !== 0 && value < 0.01 ? value.toExponential() : String(value);
  };

  const defaults: Record<string, unknown> = { method: DEFAULT_METHOD, ...DEFAULT_TRAINING };
  const ofAdapters: Record<string, unknown> = LORA_LEARNING_RATES;
  const defaultOf = (name: string): string =>
    [say(defaults[name]), ...(name in ofAdapters ? [`LoRA ${say(ofAdapters[name])}`] : [])].join(
      '; ',
    );

  test('lists every setting with its range and default, and no other', () => {
    const listed = rows.map(([names, range, standard]) => [quoted(names!)[0], range, standard]);
    expect(listed).toEqual(
      Object.entries(properties).map(([name, schema]) => [name, rangeOf(schema), defaultOf(name)]),
    );
  });

  test('says of every setting what it does and what it costs', () => {
    for (const row of rows) {
      expect(row).toHaveLength(5);
      expect(row.every((cell) => cell.length > 0)).toBe(true);
    }
  });
});

test('docs/commands.md is what the definitions say: else run npm run docs', () => {
  expect(read('docs/commands.md')).toBe(describeCommands(commands, messageCommands));
});

describe('docs/features.md', () => {
  const document = read('docs/features.md');
  const shownBy = (cell: string) =>
    cell.split('<br>').map((test) => /^`([^`]+)` › (.+)$/.exec(test.trim())!.slice(1, 3));
  const commandRows = tableRows(document, '| Command');

  /** Names of a file's tests, as they are written there. */
  const testNames = (file: string): string[] =>
    [
      ...read(file).matchAll(
        /(?<!describe)\(\s*(['"`])((?:(?!\1)[^\\\n]|\\.)+)\1,\s*(?:\{[^}]*\},\s*)?(?:async )?(?:\w+\()?\(/g,
      ),
    ].map(([, , name]) => name!.replaceAll("\\'", "'"));

  test('names tests that exist', () => {
    const named = [...tableRows(document, '| Feature'), ...commandRows].flatMap(([, cell]) =>
      shownBy(cell!),
    );
    for (const [file, name] of named) expect(testNames(file!), file).toContain(name);
  });

  test('lists every command, and no other', () => {
    const subcommands = commands.flatMap(({ definition: { name, options = [] } }) => {
      const paths = (options as readonly { type: number; name: string }[]).flatMap((option) =>
        option.type === ApplicationCommandOptionType.Subcommand ? `/${name} ${option.name}` : [],
      );
      return paths.length > 0 ? paths : [`/${name}`];
    });
    const listed = commandRows.flatMap(([names]) => quoted(names!));
    expect(listed.sort()).toEqual(
      [...subcommands, ...messageCommands.map(({ definition }) => definition.name)].sort(),
    );
  });
});

test('docs/samplers.md, the engine and the job contract know the same samplers', () => {
  const listed = tableRows(read('docs/samplers.md'), '| Name').flatMap(([names]) => quoted(names!));
  expect(listed).toEqual([...SAMPLER_NAMES]);
  expect([...samplerNames]).toEqual([...SAMPLER_NAMES]);
});

test('docs/ops.md lists every differentiable operator, and no other', () => {
  const listed = tableRows(read('docs/ops.md'), '| Op |').flatMap(([names]) =>
    names!
      .replaceAll(/\([^)]*\)|×2/g, '')
      .split(',')
      .map((name) => name.trim()),
  );
  expect(listed.sort()).toEqual([...DIFFERENTIABLE_OPS].sort());
});

test('the documents that are named exist', () => {
  for (const name of [
    'README.md',
    'docs/architecture.md',
    'docs/operations.md',
    'docs/base-checkpoints.md',
    'docs/training-options.md',
    'docs/run-it-for-real.md',
  ]) {
    for (const [, target] of read(name).matchAll(/\b(docs\/[\w./-]+\.md)/g)) {
      expect(existsSync(path.join(import.meta.dirname, target!)), `${name}: ${target}`).toBe(true);
    }
  }
});

const manifests = path.resolve(import.meta.dirname, '../shared/data/manifests');

describe.skipIf(!existsSync(manifests))(
  'docs/base-checkpoints.md (skipped without ../shared)',
  () => {
    const shapesOf = (name: string) =>
      Object.entries(
        JSON.parse(readFileSync(path.join(manifests, `${name}.json`), 'utf8')) as Record<
          string,
          number[]
        >,
      );
    const product = (shape: readonly number[]) => shape.reduce((total, n) => total * n, 1);
    const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
    const parameters = (name: string) => sum(shapesOf(name).map(([, shape]) => product(shape)));
    /** Rank 16 on the layers of attention. */
    const adapters = (name: string) =>
      sum(
        shapesOf(name)
          .filter(([key]) => /\.(to_[qkv]|to_out\.0|[qkv]_proj|out_proj)\.weight$/.test(key))
          .map(([, [outputs, ...inputs]]) => 16 * (outputs! + product(inputs))),
      );
    const rows = new Map(
      tableRows(read('docs/base-checkpoints.md'), '| Base | UNet').map(([base, ...cells]) => [
        base,
        cells,
      ]),
    );
    const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
    const millions = (count: number) => `${(count / 1e6).toFixed(1)} M`;

    test.each([
      ['SD 1.4, 1.5', 'sd15_unet', ['clip_l_text']],
      ['SD 2.0, 2.1', 'sd21_unet', ['openclip_h_text_sd2']],
      ['SDXL base', 'sdxl_unet', ['clip_l_text', 'openclip_bigG_text_sdxl']],
    ])('%s: sizes are those of the tensors', (base, unet, texts) => {
      const text = sum(texts.map(parameters));
      const all = parameters(unet) + text + parameters('sd_vae');
      expect(rows.get(base)).toEqual([
        millions(parameters(unet)),
        millions(text),
        millions(parameters('sd_vae')),
        gib(2 * all),
        gib(4 * all),
        gib(16 * parameters(unet)),
        gib(16 * (parameters(unet) + text)),
        `${Math.round((16 * sum([unet, ...texts].map(adapters))) / 2 ** 20)} MiB`,
      ]);
    });
  },
);
