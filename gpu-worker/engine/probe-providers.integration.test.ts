/** @file The probe with its real child, and with children that crash, hang or compute something else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeProvider } from './probe-providers.ts';
import { KNOWN_RESULT } from './probe-result.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'probe-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the CPU makes the known steps', async () => {
  expect(await probeProvider('cpu')).toEqual({
    provider: 'cpu',
    works: true,
    detail: expect.stringMatching(
      /^three training steps with the known result, [\d.]+ ms the last$/,
    ),
  });
});

test('CUDA works, or it is said what is missing and what to do', async () => {
  const { works, detail, advice } = await probeProvider('cuda');
  if (works) return;
  expect(detail).toMatch(/not installed|is missing|no NVIDIA|too old|no kernels|has no CUDA/);
  expect(advice).toBeDefined();
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('without a driver', () => {
  const variables = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;
  const before = variables.map((name) => process.env[name]);
  beforeEach(() => {
    for (const name of variables) process.env[name] = path.join(folder, 'no-such-driver.json');
  });
  afterEach(() => {
    for (const [i, name] of variables.entries()) {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }
  });

  test('WebGPU says so', async () => {
    const { works, detail, advice } = await probeProvider('webgpu');
    expect(works).toBe(false);
    expect(detail).toMatch(/^there is no Vulkan (driver|loader, libvulkan\.so\.1)$/);
    expect(advice).toBeDefined();
  });
});

describe('a provider does not work', () => {
  const child = (source: string): string => {
    const file = path.join(folder, `child-${source.length}.mjs`);
    writeFileSync(file, source);
    return file;
  };

  test('when its process dies', async () => {
    const childPath = child(
      `console.error('driver error: out of luck'); setTimeout(() => process.kill(process.pid, 'SIGSEGV'), 50);`,
    );
    expect(await probeProvider('webgpu', { childPath })).toMatchObject({
      works: false,
      detail: 'its process ended with SIGSEGV: driver error: out of luck',
    });
  });

  test('when it does not answer', async () => {
    const childPath = child('setInterval(() => {}, 1000);');
    expect(await probeProvider('webgpu', { childPath, timeoutMs: 1500 })).toMatchObject({
      works: false,
      detail: 'no answer within 1.5 s',
    });
  });

  test.each([
    ['wrong', 1.01],
    ['not a number', Number.NaN],
  ])('when one of its numbers is %s', async (_, factor) => {
    const values = KNOWN_RESULT.map((value, i) => (i === 4 ? value * factor : value));
    // JSON has no NaN.
    const text = `[${values.join()}]`;
    const childPath = child(`process.send({ values: ${text}, stepMs: 1 }, () => process.exit());`);
    expect(await probeProvider('webgpu', { childPath })).toMatchObject({
      works: false,
      detail: expect.stringContaining('it computes something else'),
    });
  });
});
