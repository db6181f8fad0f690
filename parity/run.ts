/**
 * @file `npm run parity -- DIR [--json] [--provider cpu|webgpu]`: compares a checkpoint's results
 * with those that lie beside it in `reference.safetensors`. Exits 1 when an item fails, 2 when DIR
 * holds no reference checkpoint.
 */
import { parseArgs } from 'node:util';
import type { ExecutionProvider } from '#worker/tensor/runtime/session.ts';
import type { Row } from './compare.ts';
import { compareAll } from './parity.ts';
import { NotAReferenceError, Reference } from './reference.ts';
import { formatRow, HEADING, summarize } from './table.ts';

const USAGE = 'npm run parity -- DIR [--json] [--provider cpu|webgpu]';

async function main(): Promise<number> {
  const { dir, json, provider } = readArguments();
  const reference = Reference.open(dir);
  const { family } = reference.settings;
  if (!json) console.log(`${dir} (${family}) on ${provider}\n${HEADING}`);
  const rows: Row[] = [];
  for await (const row of compareAll(reference, provider)) {
    rows.push(row);
    if (!json) console.log(formatRow(row));
  }
  if (rows.length === 0) throw new NotAReferenceError(`${dir}: the reference holds no tensor`);
  const pass = rows.every((row) => row.pass);
  console.log(json ? JSON.stringify({ dir, family, provider, pass, rows }) : summarize(rows));
  return pass ? 0 : 1;
}

function readArguments(): { dir: string; json: boolean; provider: ExecutionProvider } {
  const { values, positionals } = parseOrExplain();
  const { provider, json } = values;
  const [dir, ...more] = positionals;
  if (dir === undefined || more.length > 0 || !(provider === 'cpu' || provider === 'webgpu')) {
    throw new NotAReferenceError(USAGE);
  }
  return { dir, json, provider };
}

function parseOrExplain() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        provider: { type: 'string', default: 'cpu' },
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
