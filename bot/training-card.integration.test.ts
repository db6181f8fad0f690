/** @file The training's card: place, end, pictures on the way, early end, candidates to choose from; training on; `/jobs`. */
import type { APIMessage } from 'discord.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listArtifactsOfRun } from '#db/queries/artifacts.ts';
import { getSubject } from '#db/queries/subjects.ts';
import {
  checkTrainingAttempt,
  failTraining,
  succeedTraining,
} from '#db/queries/training-attempts.ts';
import { getTrainingRun, listOpenTrainingRuns } from '#db/queries/training-runs.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { makeTrainResult } from '#db/testing/rows.ts';
import { listComponents, listFiles, readText } from '#playground/message-parts.ts';
import { ensureDataKey } from './intake/data-keys.ts';
import {
  type BotStage,
  makePicture,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import {
  reportTraining,
  requestTrainingAs,
  takeTraining,
  trainSubjectAs,
} from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

const press = (user: string, message: APIMessage, customId: string, how: object = {}) =>
  stage.playground.click({ user, message: message.id, customId, until: 'settled', ...how });
const labelsOf = ({ components }: APIMessage) =>
  listComponents(components).flatMap(({ label, disabled }) =>
    typeof label === 'string' ? [disabled ? `(${label})` : label] : [],
  );
const seeFor = (name: string, text: string) =>
  until(
    () =>
      stage.playground
        .messages()
        .find(
          (message) =>
            readText(message).startsWith(`**${name}**`) && readText(message).includes(text),
        ),
    `${name}: ${text}`,
  );
const jobs = (user: string, subcommand: string, options: Record<string, string> = {}) =>
  stage.playground.command({ user, name: 'jobs', subcommand, options, until: 'settled' });

async function putPicture(run: TrainingRun, seed: number): Promise<string> {
  const ownerDataKey = await ensureDataKey(stage.database.db, stage.masterKey, run.userId);
  return stage.store.put(await makePicture(seed), { ownerDataKey });
}

/** Ends a training as a worker does, with scored candidates; the second is the best. */
async function finishWithCandidates(run: TrainingRun, attempt: number): Promise<void> {
  const kept = [
    { step: 50, scores: { identity: 0.6, prompt: 0.9, drift: 0.01 } },
    { step: 100, scores: { identity: 0.86, prompt: 0.8, drift: 0.02 } },
    { step: 150, scores: { identity: 0.9, prompt: 0.5, drift: 0.2 } },
  ];
  const artifacts = [];
  for (const { step, scores } of kept) {
    artifacts.push({
      method: 'lora' as const,
      baseCheckpointHash: 'base-1',
      identifier: `id-${run.id}`,
      storageFileId: await putPicture(run, step),
      sizeBytes: 1,
      step,
      scores,
      sampleFileIds: [await putPicture(run, step + 1), await putPicture(run, step + 2)],
    });
  }
  const { steps: _, ...result } = makeTrainResult();
  await succeedTraining(stage.database.db, run.id, attempt, {
    artifacts,
    best: 1,
    evaluation: {
      judge: 'pocket',
      photoLikeness: 0.9,
      classLikeness: 0.4,
      candidates: kept.map(({ step, scores }) => ({ step, ...scores })),
      bestStep: 100,
    },
    times: null,
    result: {
      ...result,
      steps: 150,
      sampleFileIds: artifacts[1]!.sampleFileIds,
      classBeforeFileIds: [await putPicture(run, 201)],
      classAfterFileIds: [await putPicture(run, 202)],
    },
  });
}

test('a waiting training says how many are before it, and only those that are', async () => {
  const first = await requestTrainingAs(stage, 'ada', { name: 'First' });
  await seeFor('First', 'Waiting: it is next');
  const second = await requestTrainingAs(stage, 'ben', { name: 'Second' });
  await seeFor('Second', 'Waiting: 1 training before it');
  await jobs('ada', 'cancel', { job: first.run.id });
  await seeFor('First', 'Cancelled.');
  // Nobody takes the cancelled job here: the queue still holds it, and yet it is not waited for.
  expect(await stage.queue.listJobs('train-subject')).toContain(first.run.id);
  await seeFor('Second', 'Waiting: it is next');
  await jobs('ben', 'cancel', { job: second.run.id });
});

test('a running training shows its end, its pictures on the way, and can be told to finish', async () => {
  const { run } = await requestTrainingAs(stage, 'ada', { name: 'Early' });
  const attempt = await takeTraining(stage, run.id);
  await reportTraining(stage, run.id, attempt, { stage: 'preparing', step: 0, totalSteps: 0 });
  const preparing = await seeFor('Early', 'Getting ready');
  expect(labelsOf(preparing)).toEqual(['Cancel']);
  const forged = await press('ada', preparing, `finish:${run.id}`, { forge: true });
  expect(forged.message?.content).toMatch(/^It has not begun to learn/);

  const previews = [{ step: 25, fileId: await putPicture(run, 25) }];
  await reportTraining(stage, run.id, attempt, { step: 30, previews });
  const running = await seeFor('Early', 'Step 30 of 100');
  expect(readText(running)).toMatch(/^Ends <t:\d+:R>$/m);
  expect(labelsOf(running)).toEqual(['Cancel', 'Stop now and keep the best']);
  expect(listFiles(running)).toMatchObject([
    { name: 'after-1.png', description: 'Early, a dog, as it looks after step 25' },
  ]);

  const other = await press('ben', running, `finish:${run.id}`);
  expect(other.message?.content).toBe('Only the person who started this training can stop it.');
  const told = await press('ada', running, `finish:${run.id}`);
  expect(told.message?.content).toMatch(/^It ends with the next step\./);
  expect(await checkTrainingAttempt(stage.database.db, run.id, attempt)).toBe('finish');
  const finishing = await seeFor('Early', 'Finishing with what it has learned');
  expect(labelsOf(finishing)).toEqual(['Cancel', '(Stop now and keep the best)']);
  await reportTraining(stage, run.id, attempt, { stage: 'evaluating', step: 0, totalSteps: 4 });
  const late = await press('ada', running, `finish:${run.id}`, { forge: true });
  expect(late.message?.content).toMatch(/^It has made all its steps/);
  await finishWithCandidates(run, attempt);
  await seeFor('Early', 'Ready.');
});

test('the last card reports in plain words, and its owner chooses another candidate, also after a restart', async () => {
  const { run, subject } = await requestTrainingAs(stage, 'cleo', { name: 'Chosen' });
  await finishWithCandidates(run, await takeTraining(stage, run.id));
  const card = await seeFor('Chosen', 'Ready.');
  const owner = stage.playground.users.cleo?.id;
  expect(readText(card).split('\n')).toEqual([
    `**Chosen** (dog) for <@${owner}>`,
    'Ready. Try `/imagine prompt: a [V] dog on the beach`',
    'Likeness: as like as your own photos (0.86, two photos 0.90)',
    'Prompts: followed in 80 % of pictures',
    '“a dog” is still any dog (+0.02)',
    '**After step 50**',
    'likeness 0.60, prompts 90 %',
    '**After step 100**, in use, the best',
    'likeness 0.86, prompts 80 %',
    '**After step 150**',
    'likeness 0.90, prompts 50 %',
    '“a dog”: above as before, below as after learning',
  ]);
  expect(listFiles(card).map(({ name }) => name)).toEqual([
    'step-50.png',
    'step-100.png',
    'step-150.png',
    'class-before-and-after.png',
  ]);
  expect(labelsOf(card)).toEqual(['Use step 50', '(Step 100: in use)', 'Use step 150']);

  const { db } = stage.database;
  const [early] = await listArtifactsOfRun(db, run.id);
  const stranger = await press('ben', card, `use-weights:${early?.id}`);
  expect(stranger.followUps[0]?.content).toBe('Only the owner of this subject can choose.');
  await stage.restart();
  const chosen = await press('cleo', card, `use-weights:${early?.id}`);
  expect(chosen.followUps).toEqual([]);
  expect((await getSubject(db, subject.id))?.currentArtifactId).toBe(early?.id);
  const changed = await seeFor('Chosen', '**After step 50**, in use');
  expect(changed.id).toBe(card.id);
  expect(labelsOf(changed)).toEqual(['(Step 50: in use)', 'Use step 100', 'Use step 150']);
  expect(readText(changed)).toContain('Likeness: hardly like (0.60, two photos 0.90)');
});

test('/subject continue trains on from the weights in use', async () => {
  const subject = await trainSubjectAs(stage, 'dora', { name: 'More' });
  const before = await getSubject(stage.database.db, subject.id);
  const go = () =>
    stage.playground.command({
      user: 'dora',
      name: 'subject',
      subcommand: 'continue',
      options: { subject: 'More', steps: 70 },
      until: 'settled',
    });
  expect((await go()).message?.content).toMatch(/^I am learning more about \*\*More\*\*/);
  const open = await listOpenTrainingRuns(stage.database.db);
  const run = open.find((item) => item.subject.id === subject.id)?.run;
  expect(run).toMatchObject({
    parentArtifactId: before?.currentArtifactId,
    settings: { method: 'full', maxTrainSteps: 70 },
  });
  await seeFor('More', 'trained on');
  expect((await go()).message?.content).toMatch(/is being learned right now/);
  expect((await getSubject(stage.database.db, subject.id))?.status).toBe('ready');
  await jobs('dora', 'cancel', { job: run!.id });
});

test('/jobs lists, shows, cancels and tries again, one’s own only', async () => {
  const { run } = await requestTrainingAs(stage, 'eve', { name: 'Retried' });
  const list = async () => (await jobs('eve', 'list')).message?.content ?? '';
  expect(await list()).toMatch(/^• Learning \*\*Retried\*\*: waiting \(<t:\d+:R>\)$/);
  const foreign = await jobs('ben', 'show', { job: run.id });
  expect(foreign.message?.content).toMatch(/^You have no such job\./);
  const suggested = async (subcommand: string) => {
    const typed = await stage.playground.autocomplete({
      ...{ user: 'eve', name: 'jobs', subcommand },
      ...{ focused: 'job', value: 'retr', timeoutMs: 20_000 },
    });
    return typed.choices?.map(({ name }) => name);
  };
  expect(await suggested('show')).toEqual(['waiting: Learning Retried']);
  expect(await suggested('cancel')).toEqual(['waiting: Learning Retried']);
  expect(await suggested('retry')).toEqual([]);

  expect((await jobs('eve', 'retry', { job: run.id })).message?.content).toMatch(
    /^Only a job that/,
  );
  const attempt = await takeTraining(stage, run.id);
  await failTraining(stage.database.db, run.id, attempt, { code: 'ENGINE_CRASHED' });
  const shown = await jobs('eve', 'show', { job: run.id });
  expect(readText(shown.message!)).toContain('Not learned. The engine broke down several times');
  expect((await jobs('eve', 'cancel', { job: run.id })).message?.content).toBe(
    'This job is already over.',
  );
  expect(await suggested('cancel')).toEqual([]);
  expect(await suggested('retry')).toHaveLength(1);
  const again = await jobs('eve', 'retry', { job: run.id });
  expect(again.message?.content).toMatch(/^I am learning \*\*Retried\*\* \(dog\) once more\./);
  expect(await list()).toMatch(
    /^• Learning \*\*Retried\*\*: waiting .*\n• Learning \*\*Retried\*\*: failed: The engine broke down/,
  );
  const open = await listOpenTrainingRuns(stage.database.db);
  const retried = open.find((item) => item.subject.name === 'Retried')?.run;
  expect(retried?.id).not.toBe(run.id);
  const cancelled = await jobs('eve', 'cancel', { job: retried!.id });
  expect(cancelled.message?.content).toBe('Cancelled.');
  expect((await getTrainingRun(stage.database.db, retried!.id))?.status).toBe('cancelled');
});
