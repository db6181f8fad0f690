import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '#db/client.ts';
import { type RenderSettings, renderPrompt } from '#db/jobs/render-prompt.ts';
import { trainSubject } from '#db/jobs/train-subject.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { getArtifact, listArtifacts, listArtifactsOfRun } from '#db/queries/artifacts.ts';
import { softDeleteRendition } from '#db/queries/rendition-deletion.ts';
import { getRendition } from '#db/queries/renditions.ts';
import { softDeleteSubject } from '#db/queries/subject-deletion.ts';
import { getSubject } from '#db/queries/subjects.ts';
import { createAnotherTraining } from '#db/queries/train-again.ts';
import { startTrainingAttempt } from '#db/queries/training-attempts.ts';
import { requestCancelTraining, requestFinishTraining } from '#db/queries/training-ends.ts';
import { getTrainingRun } from '#db/queries/training-runs.ts';
import { listTrainingTimes } from '#db/queries/training-times.ts';
import { getDataKey } from '#db/queries/users.ts';
import { type JobQueue, openQueue } from '#db/queue.ts';
import type { Artifact } from '#db/schema/artifacts.ts';
import { classImageSets } from '#db/schema/class-image-sets.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { isTerminal } from '#db/schema/status.ts';
import { insertReadySubject, insertRendition, makeSnowflake } from '#db/testing/rows.ts';
import { openBase, openBaseTokenizers } from './dreambooth/base-checkpoint.ts';
import { listRareTokens } from './dreambooth/identifier.ts';
import { type RunningWorker, startWorker } from './start.ts';
import { writeTinyCheckpoint } from './testing/tiny-checkpoint.ts';
import { prepareWorker, readArtifactHeader, type WorkerHarness } from './testing/worker-harness.ts';

/** A child and its first sessions take a second or two, on a busy machine a minute. */
const timeout = 400_000;

const folder = mkdtempSync(path.join(tmpdir(), 'worker-'));
let harness: WorkerHarness;
let queue: JobQueue;
let worker: RunningWorker;

const begin = () => startWorker({ ...harness, queue });
const runsFolder = () => path.join(harness.config.workDir, 'runs');

beforeAll(async () => {
  const database = await openDatabase('pglite://memory');
  await migrateDatabase(database, { queue: true });
  harness = await prepareWorker(folder, database);
  queue = await openQueue({ database });
  worker = await begin();
}, timeout);

afterAll(async () => {
  await worker.close();
  await queue.close();
  await harness.database.close();
  rmSync(folder, { recursive: true });
}, timeout);

async function eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  for (let waitedMs = 0; waitedMs < timeout; waitedMs += 100) {
    const found = await probe();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`not in time: ${what}`);
}

const endOfTraining = (id: string) =>
  eventually('the training ends', async () => {
    const run = await getTrainingRun(harness.database.db, id);
    return run && isTerminal(run.status) ? run : undefined;
  });
const endOfRendition = (id: string) =>
  eventually('the rendition ends', async () => {
    const rendition = await getRendition(harness.database.db, id);
    return rendition && isTerminal(rendition.status) ? rendition : undefined;
  });
const stepOfTraining = (id: string, step: number) =>
  eventually(`step ${step}`, async () => {
    const run = await getTrainingRun(harness.database.db, id);
    if (run && isTerminal(run.status)) throw new Error(`the training ended: ${run.failureCode}`);
    const progress = run?.progress;
    return progress?.stage === 'training' && progress.step >= step ? progress : undefined;
  });
const logOf = (jobId: string, msg: string) =>
  harness.logs.filter((line) => line.jobId === jobId && line.msg === msg);

/** @returns what the artifact's file says of itself, and its tensors' places */
async function readArtifact(artifact: Artifact | undefined, dataKey: Uint8Array) {
  const file = path.join(folder, 'artifact.safetensors');
  await harness.store.getToFile(artifact?.storageFileId ?? '', dataKey, file);
  return readArtifactHeader(file);
}

describe('the worker', { timeout }, () => {
  let trained: Awaited<ReturnType<WorkerHarness['insertTraining']>>;
  let artifactId: string;
  let source: Rendition;

  it('turns photos into weights and samples, and tells once', async () => {
    const { database, store } = harness;
    trained = await harness.insertTraining({ numClassSamples: 2 });
    const { run, subject, dataKey } = trained;
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    const ended = await endOfTraining(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', attempt: 1, failureCode: null });

    const [delivery, ...more] = await harness.deliveries(run.id);
    expect(more).toEqual([]);
    const outcome = delivery?.payload;
    if (outcome?.outcome !== 'succeeded' || outcome.kind !== 'training') throw new Error('outcome');
    expect(outcome.result).toMatchObject({ steps: 6, finalLoss: expect.any(Number) });
    const { sampleFileIds, classBeforeFileIds, classAfterFileIds } = outcome.result;
    expect([sampleFileIds.length, classBeforeFileIds.length, classAfterFileIds.length]).toEqual([
      4, 2, 2,
    ]);
    for (const id of [...sampleFileIds, ...classBeforeFileIds, ...classAfterFileIds]) {
      expect(await sharp(await store.get(id, dataKey)).metadata()).toMatchObject({
        format: 'png',
        width: 64,
        height: 64,
      });
    }

    artifactId = outcome.result.artifactId;
    const artifact = await getArtifact(database.db, artifactId);
    const { evaluation } = ended;
    const candidates = (await listArtifacts(database.db, subject.id)).reverse();
    expect(candidates.map(({ step }) => step)).toEqual([2, 3, 5, 6]);
    expect(evaluation).toMatchObject({ judge: 'pocket', bestStep: artifact?.step });
    expect(candidates.map(({ step, scores }) => ({ step, ...scores }))).toEqual(
      evaluation?.candidates,
    );
    expect(artifact?.sampleFileIds).toEqual(sampleFileIds);
    expect(new Set(candidates.flatMap((candidate) => candidate.sampleFileIds)).size).toBe(16);
    const ready = await getSubject(database.db, subject.id);
    expect(ready).toMatchObject({ status: 'ready', identifier: artifact?.identifier });
    const checkpoint = openBase(harness.config.baseCheckpointDir);
    expect(listRareTokens(openBaseTokenizers(checkpoint)[0])).toContain(artifact?.identifier);
    expect(artifact?.method).toBe('lora');
    const { entries, metadata } = await readArtifact(artifact, dataKey);
    expect(metadata).toMatchObject({ method: 'lora', baseHash: checkpoint.hash, classNoun: 'dog' });
    const attention = 'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
    expect(entries.get(`${attention}.lora_A.weight`)?.shape).toEqual([16, 8]);
    expect([...entries.keys()].every((name) => /\.lora_[AB]\.weight$/.test(name))).toBe(true);

    expect(await database.db.select().from(classImageSets)).toMatchObject([
      { checkpointHash: checkpoint.hash, classNoun: 'dog', size: 64, steps: 2, count: 2 },
    ]);
    await expect.poll(() => readdirSync(runsFolder())).toEqual([]);
  });

  it("renders the subject's weights for somebody else, whose own key keeps the pictures", async () => {
    const { database, store } = harness;
    const userId = makeSnowflake();
    const rendition = await insertRendition(database.db, {
      userId,
      subjectId: trained.subject.id,
      artifactId,
      resolvedPrompt: 'a zwb dog on the beach',
      seed: 4_294_967_295,
      count: 2,
      settings: { numInferenceSteps: 3, sampler: 'unipc', aspect: '4:3' },
    });
    await queue.enqueue(renderPrompt, rendition.id, { priority: 1 });
    expect(await endOfRendition(rendition.id)).toMatchObject({ status: 'succeeded', attempt: 1 });
    const [delivery, ...more] = await harness.deliveries(rendition.id);
    expect(more).toEqual([]);
    const outcome = delivery?.payload;
    if (outcome?.outcome !== 'succeeded' || outcome.kind !== 'rendition') throw new Error();
    expect(outcome.result).toMatchObject({
      seeds: [4_294_967_295, 4_294_967_296],
      renderedWith: { width: 72, height: 56, sampler: 'unipc', numInferenceSteps: 3 },
    });
    const key = await getDataKey(database.db, userId);
    const [first, second] = await Promise.all(
      outcome.result.fileIds.map((id) => store.get(id, key?.wrappedDataKey ?? new Uint8Array())),
    );
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false);
    await expect(store.get(outcome.result.fileIds[0] ?? '', trained.dataKey)).rejects.toThrow();
    await expect.poll(() => readdirSync(runsFolder())).toEqual([]);
  });

  it('starts from a picture where it is given one, and says so when that is gone', async () => {
    const { database, store } = harness;
    const { run, dataKey } = trained;
    const put = async (background: string) => {
      const create = { width: 90, height: 70, channels: 3, background } as const;
      return store.put(await sharp({ create }).png().toBuffer(), { ownerDataKey: dataKey });
    };
    const draw = async (settings: RenderSettings, startFileId?: string) => {
      const rendition = await insertRendition(database.db, {
        userId: run.userId,
        resolvedPrompt: 'a dog',
        seed: 5,
        count: 1,
        settings,
        ...(startFileId !== undefined && { startFileId }),
      });
      await queue.enqueue(renderPrompt, rendition.id, { priority: 1 });
      return endOfRendition(rendition.id);
    };
    const pictures: Buffer[] = [];
    for (const background of ['#208040', '#208040', '#e0a0ff', null]) {
      const settings = background ? { strength: 0.5 } : {};
      source = await draw(settings, background ? await put(background) : undefined);
      pictures.push(await store.get(source.resultFileIds?.[0] ?? '', dataKey));
    }
    const [green, again, pink, none] = pictures.map((bytes) => bytes.toString('base64'));
    expect(again).toBe(green);
    expect(new Set([green, pink, none]).size).toBe(3);
    const lost = await draw({ strength: 0.5 }, crypto.randomUUID());
    expect(lost).toMatchObject({ status: 'failed', failureCode: 'PICTURE_GONE' });
  });

  const goOn = async (settings: RenderSettings) => {
    const rendition = await insertRendition(harness.database.db, {
      userId: makeSnowflake(),
      resolvedPrompt: 'a dog',
      count: 1,
      settings,
      sourceId: source.id,
      sourceIndex: 0,
    });
    await queue.enqueue(renderPrompt, rendition.id, { priority: 1 });
    return endOfRendition(rendition.id);
  };
  const readPicture = async ({ userId, resultFileIds }: Rendition) => {
    const key = await getDataKey(harness.database.db, userId);
    return harness.store.get(resultFileIds?.[0] ?? '', key?.wrappedDataKey ?? new Uint8Array());
  };
  /** Root of the mean square over a picture's values, 0 to 255, once both are of one size. */
  const difference = async (a: Buffer, b: Buffer) => {
    const [left, right] = await Promise.all(
      [a, b].map((bytes) => sharp(bytes).resize(64, 64, { fit: 'fill' }).raw().toBuffer()),
    );
    if (left === undefined || right === undefined) throw new Error('no pixels');
    const squares = [...left].map((value, i) => (value - (right[i] ?? 0)) ** 2);
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
  };

  it("goes on from another rendition's picture: enlarges it, or draws from it", async () => {
    const original = await readPicture(source);
    const larger = await goOn({ enlarge: 2 });
    expect(larger.renderedWith).toEqual({ ...source.renderedWith, width: 128, height: 128 });
    const bytes = await readPicture(larger);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 128, height: 128 });
    const ofLarger = await difference(bytes, original);
    const varied = await goOn({ strength: 0.9, numInferenceSteps: 10 });
    expect(varied.status).toBe('succeeded');
    // What an untrained base draws is little but noise, of which resampling takes the finest away.
    expect(ofLarger).toBeLessThan(0.5 * (await difference(await readPicture(varied), original)));
  });

  it('shows what is being drawn on the way, and keeps none of it', async () => {
    const { database, store } = harness;
    const { run, dataKey } = trained;
    const rendition = await insertRendition(database.db, {
      userId: run.userId,
      resolvedPrompt: 'a dog',
      count: 4,
      settings: { numInferenceSteps: 300, guidanceScale: 1 },
    });
    await queue.enqueue(renderPrompt, rendition.id, { priority: 1 });
    const [preview = ''] = await eventually('a preview', async () => {
      const row = await getRendition(database.db, rendition.id);
      if (row && isTerminal(row.status)) throw new Error('it was over before');
      const fileIds = row?.progress?.previewFileIds ?? [];
      return fileIds.length > 0 ? fileIds : undefined;
    });
    expect(await sharp(await store.get(preview, dataKey)).metadata()).toMatchObject({
      format: 'png',
      width: 128,
      height: 128,
    });
    const ended = await endOfRendition(rendition.id);
    expect(ended.status).toBe('succeeded');
    await expect
      .poll(() =>
        store.get(preview, dataKey).then(
          () => 'there',
          () => 'gone',
        ),
      )
      .toBe('gone');
  });

  it('says so when the picture that it goes on from was deleted', async () => {
    await softDeleteRendition(harness.database.db, source.id);
    expect(await goOn({ enlarge: 2 })).toMatchObject({ failureCode: 'PICTURE_GONE' });
  });

  const long = `a dog ${'on the beach '.repeat(9)}sunset forever`;
  it.each([
    { resolvedPrompt: long },
    { resolvedPrompt: 'a dog', settings: { negativePrompt: long } },
  ])('names the word of a prompt that does not fit', async (change) => {
    const rendition = await insertRendition(harness.database.db, change);
    await queue.enqueue(renderPrompt, rendition.id, { priority: 1 });
    await endOfRendition(rendition.id);
    expect(await harness.deliveries(rendition.id)).toMatchObject([
      { payload: { outcome: 'failed', code: 'PROMPT_TOO_LONG', detail: { word: 'sunset' } } },
    ]);
  });

  it.each([
    { why: 'weights of another base', hash: 'another', code: 'BASE_CHANGED' },
    { why: 'weights whose file is gone', hash: undefined, code: 'FILE_MISSING' },
  ])('refuses $why', async ({ hash, code }) => {
    const { db } = harness.database;
    const { run } = await harness.insertTraining();
    const checkpointHash = openBase(harness.config.baseCheckpointDir).hash;
    const { subject, artifactId } = await insertReadySubject(
      db,
      { userId: run.userId },
      { baseCheckpointHash: hash ?? checkpointHash, storageFileId: crypto.randomUUID() },
    );
    const rendition = await insertRendition(db, { subjectId: subject.id, artifactId });
    await queue.enqueue(renderPrompt, rendition.id, { priority: 1 });
    expect(await endOfRendition(rendition.id)).toMatchObject({ failureCode: code });
  });

  it('refuses a subject without weights', async () => {
    const { subject } = await harness.insertTraining();
    const rendition = await insertRendition(harness.database.db, { subjectId: subject.id });
    await queue.enqueue(renderPrompt, rendition.id, { priority: 1 });
    expect(await endOfRendition(rendition.id)).toMatchObject({
      failureCode: 'SUBJECT_NOT_TRAINED',
    });
  });

  it('refuses a class noun that the base does not know, with the nearest', async () => {
    const { run } = await harness.insertTraining({}, { classNoun: 'dag' });
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    expect(await endOfTraining(run.id)).toMatchObject({ status: 'failed' });
    expect(await harness.deliveries(run.id)).toMatchObject([
      {
        payload: {
          outcome: 'failed',
          code: 'CLASS_NOUN_UNKNOWN',
          detail: { nearestClassNouns: ['dog', 'cat'] },
        },
      },
    ]);
  });

  it('stops a training between two steps when its owner asks, and tells once', async () => {
    const { run } = await harness.insertTraining({ maxTrainSteps: 100_000 });
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    await stepOfTraining(run.id, 1);
    expect(await requestCancelTraining(harness.database.db, run.id, run.userId)).toBe('requested');
    expect(await endOfTraining(run.id)).toMatchObject({ status: 'cancelled', attempt: 1 });
    expect(await harness.deliveries(run.id)).toMatchObject([{ payload: { outcome: 'cancelled' } }]);
    await expect.poll(() => readdirSync(runsFolder())).toEqual([]);
  });

  it('comes to an end early when its owner asks, with the best of what it has learned', async () => {
    const { db } = harness.database;
    const { run, subject } = await harness.insertTraining({ maxTrainSteps: 100_000 });
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    await stepOfTraining(run.id, 3);
    expect(await requestFinishTraining(db, run.id, run.userId)).toBe('requested');
    const ended = await endOfTraining(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', attempt: 1, times: null });
    const [artifact, ...others] = await listArtifacts(db, subject.id);
    expect(others).toEqual([]);
    expect(artifact?.step).toBeGreaterThanOrEqual(3);
    expect(ended.evaluation).toMatchObject({ bestStep: artifact?.step });
    expect(await harness.deliveries(run.id)).toMatchObject([
      { payload: { outcome: 'succeeded', result: { steps: artifact?.step } } },
    ]);
  });

  it('shows a picture after each candidate while it goes on, and keeps none of them', async () => {
    const { db } = harness.database;
    const { run, dataKey } = await harness.insertTraining({ maxTrainSteps: 1200 });
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    const preview = await eventually('a preview', async () => {
      const row = await getTrainingRun(db, run.id);
      if (row && isTerminal(row.status)) throw new Error('the training ended without a preview');
      return row?.progress?.previews?.[0];
    });
    expect(preview.step).toBe(300);
    const picture = await harness.store.get(preview.fileId, dataKey);
    expect(await sharp(picture).metadata()).toMatchObject({ format: 'png', width: 64 });
    expect(await endOfTraining(run.id)).toMatchObject({ status: 'succeeded' });
    await expect
      .poll(() => harness.store.get(preview.fileId, dataKey).catch((error) => error.code))
      .toBe('FILE_NOT_FOUND');
  });

  it('trains on from weights that are there, under the same word', async () => {
    const { db } = harness.database;
    const parent = await getArtifact(db, artifactId);
    const made = await createAnotherTraining(db, {
      subjectId: trained.subject.id,
      userId: trained.run.userId,
      guildId: null,
      channelId: trained.run.channelId,
      interactionId: makeSnowflake(),
      settings: { seed: 9, maxTrainSteps: 4, method: 'full' },
      parentArtifactId: artifactId,
    });
    if (made.outcome !== 'created') throw new Error(made.outcome);
    await queue.enqueue(trainSubject, made.run.id, { priority: 1 });
    expect(await endOfTraining(made.run.id)).toMatchObject({ status: 'succeeded' });
    const kept = await listArtifactsOfRun(db, made.run.id);
    const before = parent?.step ?? 0;
    expect(kept.map(({ step }) => step)).toEqual([1, 2, 3, 4].map((step) => before + step));
    expect(kept.map(({ method }) => method)).toEqual(Array(4).fill('lora'));
    expect(new Set(kept.map(({ identifier }) => identifier))).toEqual(
      new Set([parent?.identifier]),
    );
    const times = await listTrainingTimes(db, 1);
    expect(times).toMatchObject([{ method: 'lora', steps: 4, classImages: 0 }]);
  });

  it('takes a training of whole weights up again when the engine is killed', async () => {
    const { run, subject, dataKey } = await harness.insertTraining({
      method: 'full',
      maxTrainSteps: 60,
      samplePrompts: ['a [V]'],
    });
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    const progress = await stepOfTraining(run.id, 3);
    process.kill(worker.engine.pid ?? 0, 'SIGKILL');
    expect(progress).toMatchObject({ totalSteps: 60, loss: expect.any(Number) });
    expect(await endOfTraining(run.id)).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect(await harness.deliveries(run.id)).toHaveLength(1);
    const [ready] = logOf(run.id, 'training: weights are ready');
    expect(ready).toMatchObject({ steps: 60, classImagesMade: 0 });
    expect(ready?.resumedFromStep).toBeGreaterThanOrEqual(2);
    const { db } = harness.database;
    const { currentArtifactId } = (await getSubject(db, subject.id)) ?? {};
    const artifact = await getArtifact(db, currentArtifactId ?? '');
    expect(artifact?.method).toBe('full');
    // The best and the last.
    const steps = (await listArtifacts(db, subject.id)).map(({ step }) => step);
    expect(steps).toEqual(artifact?.step === 60 ? [60] : [60, 30]);
    const { entries, metadata } = await readArtifact(artifact, dataKey);
    expect(metadata.method).toBe('full');
    expect(entries.get('unet.conv_in.weight')?.shape).toEqual([8, 4, 3, 3]);
  });

  it('lets a stale attempt end in silence', async () => {
    const { db } = harness.database;
    const { run, subject } = await harness.insertTraining({ maxTrainSteps: 100_000 });
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    await stepOfTraining(run.id, 1);
    // As another worker would, to which this one seemed dead.
    expect(await startTrainingAttempt(db, run.id)).toMatchObject({ attempt: 2 });
    await softDeleteSubject(db, { subjectId: subject.id, ownerId: run.userId });
    await eventually('the attempt ends', async () => logOf(run.id, 'training ended')[0]);
    expect(logOf(run.id, 'training ended')[0]).toMatchObject({ attempt: 1, outcome: 'stale' });
    await expect.poll(() => existsSync(path.join(runsFolder(), run.id, 'attempt-1'))).toBe(false);
    // That other worker died as well; the sweep starts the row a third time, which ends it.
    expect(await endOfTraining(run.id)).toMatchObject({ status: 'cancelled', attempt: 3 });
    expect(await harness.deliveries(run.id)).toHaveLength(1);
  });

  it('ends a training without scores where its judges are missing, with the last weights, and says why', async () => {
    const { db } = harness.database;
    const away = `${harness.config.judges.pocketDir}-away`;
    renameSync(harness.config.judges.pocketDir, away);
    const { run, subject } = await harness.insertTraining();
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    expect(await endOfTraining(run.id)).toMatchObject({ status: 'succeeded', evaluation: null });
    renameSync(away, harness.config.judges.pocketDir);
    const { currentArtifactId } = (await getSubject(db, subject.id)) ?? {};
    expect(await getArtifact(db, currentArtifactId ?? '')).toMatchObject({ step: 6, scores: null });
    const [line] = logOf(run.id, 'training: not scored');
    expect(line).toMatchObject({ step: 6, reason: expect.stringContaining('ENOENT') });
  });

  it('leaves the row open when it is stopped, with nothing decrypted, and resumes at the next start', async () => {
    const { run } = await harness.insertTraining({ maxTrainSteps: 60, samplePrompts: ['a [V]'] });
    await queue.enqueue(trainSubject, run.id, { priority: 1 });
    await stepOfTraining(run.id, 3);
    const { pid } = worker.engine;
    await worker.close();
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
    expect(await getTrainingRun(harness.database.db, run.id)).toMatchObject({ status: 'running' });
    expect(readdirSync(path.join(runsFolder(), run.id))).toEqual(['checkpoints']);
    expect(await harness.deliveries(run.id)).toEqual([]);

    worker = await begin();
    expect(await endOfTraining(run.id)).toMatchObject({ status: 'succeeded', attempt: 2 });
    expect(await harness.deliveries(run.id)).toHaveLength(1);
    const [ready] = logOf(run.id, 'training: weights are ready');
    expect(ready?.resumedFromStep).toBeGreaterThanOrEqual(2);
  });

  it('does not start on a base that needs an output classifier, unless that is acknowledged', async () => {
    const baseCheckpointDir = writeTinyCheckpoint(path.join(folder, 'other'), { seed: 9 });
    rmSync(path.join(baseCheckpointDir, 'pocket.json'));
    const config = { ...harness.config, baseCheckpointDir };
    await expect(startWorker({ ...harness, queue, config })).rejects.toThrow(
      'ACKNOWLEDGE_NO_OUTPUT_CLASSIFIER=true',
    );
    const other = await startWorker({
      ...harness,
      queue,
      config: { ...config, acknowledgeNoOutputClassifier: true },
    });
    await other.close();
  });

  it('does not log prompts above debug, nor any key', () => {
    const lines = harness.logs.map((line) => JSON.stringify(line));
    expect(lines.some((line) => line.includes('on the beach'))).toBe(true);
    const shown = harness.logs.filter((line) => Number(line.level) > 20);
    expect(JSON.stringify(shown)).not.toContain('on the beach');
    expect(lines.join('\n')).not.toContain(harness.filesKey);
  });
});
