/** @file Opening databases: URLs, PGlite folders, sudden death. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isSharedDatabaseUrl, openDatabase } from './client.ts';
import { trainSubject } from './jobs/train-subject.ts';
import { migrateDatabase } from './migrate.ts';
import { startTrainingAttempt } from './queries/training-attempts.ts';
import { getTrainingRun } from './queries/training-runs.ts';
import { openQueue } from './queue.ts';
import { newId } from './schema/columns.ts';
import { trainingRuns } from './schema/training-runs.ts';
import { type CrashChild, startCrashChild } from './testing/crash.ts';
import { eventually } from './testing/queue-suite.ts';
import { insertTraining } from './testing/rows.ts';

describe('a database URL', () => {
  it('of another kind is refused without being repeated', async () => {
    for (const url of ['mysql://u:secret@h/d', 'pglite://relative/secret', 'secret', 'pglite:']) {
      const refusal = await openDatabase(url).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(TypeError);
      expect((refusal as Error).message).toContain('postgres://');
      expect((refusal as Error).message).not.toContain('secret');
    }
  });

  it('tells whether two processes can share what is behind it', () => {
    expect(isSharedDatabaseUrl('postgres://localhost/x')).toBe(true);
    expect(isSharedDatabaseUrl('pglite:///var/lib/x')).toBe(false);
    expect(isSharedDatabaseUrl('pglite://memory')).toBe(false);
  });
});

describe('row ids', () => {
  it('sort in the order in which they were made, and are version 7', () => {
    const ids = Array.from({ length: 10_000 }, newId);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const ms = Number.parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16);
    expect(Math.abs(ms - Date.now())).toBeLessThan(10_000);
  });
});

describe('PGlite in a folder', () => {
  let template: string;
  let root: string;
  let url: string;
  const children: CrashChild[] = [];

  beforeAll(async () => {
    // Making a folder takes seconds; copying one does not.
    template = mkdtempSync(join(tmpdir(), 'test-pglite-'));
    const database = await openDatabase(`pglite://${join(template, 'data')}`);
    await migrateDatabase(database, { queue: true });
    await database.close();
  }, 120_000);
  afterAll(() => rmSync(template, { recursive: true, force: true }));
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'test-pglite-'));
    cpSync(template, root, { recursive: true });
    url = `pglite://${join(root, 'data')}`;
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill();
    rmSync(root, { recursive: true, force: true });
  });

  it('keeps its rows when it is closed and opened', async () => {
    const first = await openDatabase(url);
    const { run } = await insertTraining(first.db);
    await first.close();
    await first.close();
    const second = await openDatabase(url);
    await migrateDatabase(second, { queue: true });
    expect((await getTrainingRun(second.db, run.id))?.id).toBe(run.id);
    expect(await second.db.$count(trainingRuns)).toBe(1);
    await second.close();
  });

  it('is refused while it is open, and taken from a process that died', async () => {
    const first = await openDatabase(url);
    await expect(openDatabase(url)).rejects.toThrow(/already open/);
    await first.close();
    // The parent is alive, yet it was not it that wrote this: the start time differs.
    writeFileSync(join(root, 'data.lock'), `${process.ppid} 1`);
    const second = await openDatabase(url);
    await second.close();
  });

  it('survives a kill in the middle of inserts and loses no row that it acknowledged', async () => {
    const child = startCrashChild('insert', url);
    children.push(child);
    try {
      await eventually('rows are inserted', () => child.lines.length >= 30, 50_000);
    } catch (error) {
      throw new Error(child.complaints(), { cause: error });
    }
    await expect(openDatabase(url)).rejects.toThrow(/already open/);
    await child.kill();
    const database = await openDatabase(url);
    await migrateDatabase(database, { queue: true });
    for (const runId of child.lines) {
      expect(await getTrainingRun(database.db, runId)).toMatchObject({ status: 'queued' });
    }
    await database.close();
  }, 120_000);

  it('lets a training that ran in a killed process start again', async () => {
    const child = startCrashChild('enqueue-work', url, '-');
    children.push(child);
    try {
      await eventually('the training starts', () => child.lines.length > 0, 50_000);
    } catch (error) {
      throw new Error(child.complaints(), { cause: error });
    }
    const [, rowId = ''] = (child.lines[0] ?? '').split(' ');
    await child.kill();
    const database = await openDatabase(url);
    await migrateDatabase(database, { queue: true });
    const queue = await openQueue({ database });
    let attempt = 0;
    queue.createWorker(trainSubject, async (job) => {
      const start = await startTrainingAttempt(database.db, job.rowId);
      if (job.rowId === rowId && start.started) attempt = start.attempt;
      return null;
    });
    await eventually('it starts again', () => attempt === 2, 15_000);
    await queue.close();
    await database.close();
  }, 120_000);
});
