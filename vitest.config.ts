/** @file Test projects: unit (no service), services (Postgres, Redis, worker processes), integration (the rest), gpu. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/.git/**'];
/** Mostly wait for Postgres, Redis and the playground; what measures time is not among them. */
const services = [
  'bot/**/*.integration.test.ts',
  'db/{migrate,queries,queue}.integration.test.ts',
  'gpu-worker/{start,main,bring-base}.integration.test.ts',
  '{road,docker-compose}.integration.test.ts',
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
          name: 'services',
          include: services,
          exclude,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: [...exclude, ...services],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // Engines take both cores, and some files measure time: one file at a time.
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
