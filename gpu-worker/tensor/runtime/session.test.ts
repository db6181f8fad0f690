import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';

/** Telemetry keeps its queue in the temporary folder, so that what it would send can be seen there. */
const script = `
  import { Graph } from ${JSON.stringify(new URL('../graph/graph.ts', import.meta.url).href)};
  import { createSession } from ${JSON.stringify(new URL('./session.ts', import.meta.url).href)};
  import { add } from ${JSON.stringify(new URL('../graph/ops/elementwise.ts', import.meta.url).href)};
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2]);
  graph.output('y', add(x, x));
  const session = await createSession(graph, { purpose: 'inference' });
  const { y } = await session.run({ x: { data: new Float32Array([1, 2]), shape: [2] } });
  await session.close();
  console.log(Array.from(y.data).join(' '));
  setTimeout(() => process.exit(), 1000);
`;

it('a session runs without telemetry, which ONNX Runtime would else send to its makers', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'session-'));
  try {
    const { ORT_DISABLE_TELEMETRY: _ours, ...env } = process.env;
    const output = execFileSync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script],
      { env: { ...env, TMPDIR: folder }, encoding: 'utf8' },
    );
    expect(output).toBe('2 4\n');
    expect(readdirSync(folder).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
