/**
 * @file `npm run parity -- DIR [--json] [--provider NAME] [--only PARTS]`: compares a checkpoint's results
 * with those that lie beside it in `reference.safetensors`. Exits 1 when an item fails, 2 when DIR
 * holds no reference checkpoint.
 */
import { parseArgs } from 'node:util';
import { EXECUTION_PROVIDERS, type ExecutionProvider } from '#worker/tensor/runtime/providers.ts';
import type { Row } from './compare.ts';
import { compareAll, PARTS, type Part } from './parity.ts';
import { NotAReferenceError, Reference } from './reference.ts';
import { formatRow, HEADING, summarize } from './table.ts';

const USAGE =
  `npm run parity -- DIR [--json] [--provider ${EXECUTION_PROVIDERS.join('|')}] [--only PART,PART…]\n` +
  `PART: ${PARTS.join(', ')}`;

async function main(): Promise<number> {
  const { dir, json, provider, parts } = readArguments();
  const reference = Reference.open(dir);
  // CUDA multiplies with 10 bits of mantissa on cards since Ampere; the reference is in float32.
  if (provider === 'cuda') process.env.NVIDIA_TF32_OVERRIDE = '0';
  const { family } = reference.settings;
  if (!json) console.log(`${dir} (${family}) on ${provider}\n${HEADING}`);
  const rows: Row[] = [];
  for await (const row of compareAll(reference, provider, parts)) {
    rows.push(row);
    if (!json) console.log(formatRow(row));
  }
  if (rows.length === 0) throw new NotAReferenceError(`${dir}: the reference holds no tensor`);
  const pass = rows.every((row) => row.pass);
  console.log(json ? JSON.stringify({ dir, family, provider, pass, rows }) : summarize(rows));
  return pass ? 0 : 1;
}

interface Arguments {
  readonly dir: string;
  readonly json: boolean;
  readonly provider: ExecutionProvider;
  readonly parts: readonly Part[];
}

function readArguments(): Arguments {
  const { values, positionals } = parseOrExplain();
  const [dir, ...more] = positionals;
  const provider = EXECUTION_PROVIDERS.find((name) => name === values.provider);
  const only = values.only?.split(',') ?? PARTS;
  const parts = PARTS.filter((part) => only.includes(part));
  if (dir === undefined || more.length > 0 || !provider || parts.length !== only.length) {
    throw new NotAReferenceError(USAGE);
  }
  return { dir, json: values.json, provider, parts };
}

function parseOrExplain() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        provider: { type: 'string', default: 'cpu' },
        only: { type: 'string' },
      },
    });
  } catch (error) {
    throw new NotAReferenceError(`${(error as Error).message}\n${USAGE}`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof NotAReferenceError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
