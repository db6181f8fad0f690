/** @file Test projects: unit (nothing outside the process), integration, alone (one file at a time), gpu. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/.git/**'];
/** These measure time, or need the memory and the cores for themselves. */
const alone = [
  'db/scale.integration.test.ts',
  'gpu-worker/engine/client.integration.test.ts',
  '{community,parity,playground}/**/*.integration.test.ts',
];

/** By default one core would be left out, of two as well. */
const maxWorkers = availableParallelism();

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...exclude, '**/*.integration.test.ts', '**/*.gpu.test.ts'],
          testTimeout: 60_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: [...exclude, ...alone],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          exclude,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'gpu',
          include: ['**/*.gpu.test.ts'],
          exclude,
          testTimeout: 600_000,
          // One device, and a software driver takes all cores.
          fileParallelism: false,
        },
      },
    ],
  },
});
