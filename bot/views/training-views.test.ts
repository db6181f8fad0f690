/** @file Views of trainings and jobs: Discord's limits at extremes, lines that fit a phone, plain words. */
import { ComponentType } from 'discord.js';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '#db/jobs/outcome.ts';
import { type TrainEvaluation, trainStages } from '#db/jobs/train-subject.ts';
import type { UserJob } from '#db/queries/jobs.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingDraft } from '#db/schema/training-drafts.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import type { PhotoFinding } from '../photo-findings.ts';
import { inEachLocale } from '../testing/in-each-locale.ts';
import { answerLost } from './answer-lost.ts';
import { limits, listComponents, listLimitViolations } from './discord-limits.ts';
import { jobChoice, jobList, jobState } from './jobs.ts';
import { type MessageView, withoutFiles } from './message-view.ts';
import { trainingAgainTaken, trainingProgress, trainingTaken } from './training.ts';
import { type ShownCandidate, trainingEnded } from './training-ended.ts';
import { buildReplaceForm, draftDiscarded, trainingQuestion } from './training-question.ts';
import { scoreLines, scoreSummary } from './training-scores.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const idOf = (index: number) => id.replace(/.$/, String(index));
const names = {
  plain: 'Rex',
  longest: 'W'.repeat(32),
  markdown: '*'.repeat(32),
  emoji: '👩‍👩‍👧‍👦'.repeat(3),
  rightToLeft: 'שלום עולם של חתולים וכלבים יפים',
  mentions: '@everyone <@1> <#2> <@&3> @here',
  empty: '\u202e\u0000',
};
const picture = Buffer.alloc(8);
const subjectOf = (name: string): Subject =>
  ({
    id,
    name,
    classNoun: 'd'.repeat(40),
    ownerId: '1'.repeat(20),
    currentArtifactId: idOf(0),
  }) as Subject;
const runOf = (changes: Partial<TrainingRun> = {}): TrainingRun =>
  ({
    id,
    userId: '1'.repeat(20),
    status: 'running',
    progress: null,
    updatedAt: new Date(1_800_000_000_000),
    createdAt: new Date(1_800_000_000_000),
    cancelRequested: false,
    finishRequested: false,
    parentArtifactId: null,
    failureCode: null,
    evaluation: null,
    ...changes,
  }) as TrainingRun;
const training = { stage: 'training', step: 7, totalSteps: 9, secondsLeft: 30, loss: 1 } as const;
const scores = { identity: 0.7, prompt: 0.8, drift: -0.02 };
const evaluation: TrainEvaluation = {
  judge: 'pocket',
  photoLikeness: 0.9,
  classLikeness: 0.4,
  candidates: [{ step: 100_000, ...scores }],
  bestStep: 100_000,
};
const candidates = Array.from(
  { length: 5 },
  (_, index): ShownCandidate => ({
    artifact: { id: idOf(index), step: 100_000 + index, scores },
    strip: picture,
  }),
);
const trained: Outcome = {
  outcome: 'succeeded',
  kind: 'training',
  result: {
    artifactId: id,
    steps: 1,
    finalLoss: null,
    sampleFileIds: [],
    classBeforeFileIds: [],
    classAfterFileIds: [],
  },
};
const nobody = { ahead: null, isServed: true, strip: null };
const textOf = (view: MessageView) =>
  listComponents(view).flatMap((item) =>
    item.type === ComponentType.TextDisplay ? item.content.split('\n') : [],
  );
const buttonsOf = (view: MessageView) =>
  listComponents(view).flatMap((item) =>
    item.type === ComponentType.Button && 'label' in item
      ? [item.disabled ? `(${item.label})` : item.label]
      : [],
  );
const everyFinding: PhotoFinding[] = [
  ...Array.from({ length: 10 }, (_, photo) => ({ kind: 'small' as const, photo, shortSide: 199 })),
  ...Array.from({ length: 10 }, (_, photo) => ({ kind: 'blurred' as const, photo })),
  ...[0, 2, 4, 6, 8].map((photo) => ({ kind: 'alike' as const, photos: [photo, photo + 1] })),
  { kind: 'same-background' },
];

describe.each(Object.entries(names))('of a subject with a %s name', (_, name) => {
  const subject = subjectOf(name);
  const job: UserJob = { kind: 'training', row: runOf({ progress: training }), subject };
  const draft = { id, name, createdAt: new Date(0) } as TrainingDraft;

  test(
    'all fit',
    inEachLocale(() => {
      const question = {
        ...{ id, name, classNoun: subject.classNoun },
        photoCount: 10,
        findings: everyFinding,
        thumbnails: new Map(Array.from({ length: 10 }, (_, photo) => [photo, picture])),
        time: { seconds: 1e6, isMeasured: true },
        ahead: 1e6,
      };
      const previews = Array.from({ length: 4 }, (_, step) => ({ step: step + 1e5, fileId: id }));
      const views = [
        trainingTaken({ run: runOf(), subject }, id),
        trainingAgainTaken({ run: runOf(), subject }, id),
        trainingProgress(runOf({ progress: { ...training, previews } }), subject, {
          ahead: 3,
          isServed: true,
          strip: picture,
        }),
        trainingEnded(runOf({ evaluation }), subject, trained, {
          candidates,
          classPictures: picture,
        }),
        trainingEnded(runOf(), subject, trained, { candidates: [], classPictures: null }),
        trainingQuestion(question),
        draftDiscarded(),
        jobList(Array(100).fill({ job, isUntold: true, isServed: false })),
        jobList(
          Array(100).fill({ job: { kind: 'draft', row: draft }, isUntold: false, isServed: true }),
        ),
        jobState(job),
        answerLost('1'.repeat(20)),
      ];
      for (const view of views) {
        expect(listLimitViolations(view)).toEqual([]);
        expect(listLimitViolations(withoutFiles(view))).toEqual([]);
      }
      for (const each of [job, { kind: 'draft', row: draft } as const]) {
        expect(jobChoice(each).name.length).toBeLessThanOrEqual(limits.choiceNameLength);
      }
      const form = buildReplaceForm(id, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).toJSON();
      const [label] = form.components as { description?: string }[];
      expect(form.title.length).toBeLessThanOrEqual(45);
      expect(label?.description?.length).toBeLessThanOrEqual(100);
    }),
  );
});

describe('a running training', () => {
  const rex = { name: 'Rex', classNoun: 'dog' };

  test(
    'is told in lines that fit a phone, at every stage',
    inEachLocale(() => {
      for (const stage of trainStages) {
        const progress = { stage, step: 1234, totalSteps: 9999, secondsLeft: 7000, loss: null };
        const lines = textOf(trainingProgress(runOf({ progress }), rex, nobody));
        for (const line of lines.slice(1)) expect(line.length).toBeLessThanOrEqual(36);
        expect(lines.at(-1)).toContain('<t:1800007000:R>');
      }
    }),
  );

  test('can be stopped early once it has learned something', () => {
    const of = (changes: Partial<TrainingRun>) =>
      buttonsOf(trainingProgress(runOf(changes), rex, nobody));
    const [stop, keep] = ['Cancel', 'Stop now and keep the best'];
    expect(of({ status: 'queued' })).toEqual([stop]);
    expect(of({ progress: { ...training, step: 0 } })).toEqual([stop]);
    expect(of({ progress: training })).toEqual([stop, keep]);
    expect(of({ progress: { ...training, stage: 'evaluating' } })).toEqual([stop]);
    expect(of({ progress: training, finishRequested: true })).toEqual([stop, `(${keep})`]);
    expect(of({ progress: training, cancelRequested: true })).toEqual([`(${stop})`, `(${keep})`]);
  });

  test('says how many are before it, where that is known', () => {
    const of = (ahead: number | null) =>
      textOf(
        trainingProgress(runOf({ status: 'queued' }), rex, { ahead, isServed: true, strip: null }),
      ).at(-1);
    expect([null, 0, 1, 2].map(of)).toEqual([
      'Waiting for its turn',
      'Waiting: it is next',
      'Waiting: 1 training before it',
      'Waiting: 2 trainings before it',
    ]);
  });

  test('says that no worker is there, how far it is, and no end that nobody can tell', () => {
    const away = /^No worker is running at the moment\. Yours is kept and goes on/;
    const of = (changes: Partial<TrainingRun>) =>
      textOf(trainingProgress(runOf(changes), rex, { ...nobody, isServed: false })).slice(1);
    expect(of({ status: 'queued', progress: null })).toEqual([expect.stringMatching(away)]);
    const [stage, bar, step, last, ...more] = of({ progress: training });
    expect(stage).toBe('Stage 3 of 5: Learning');
    expect(bar).toMatch(/%$/);
    expect(step).toMatch(/^Step /);
    expect(last).toMatch(away);
    expect(more).toEqual([]);
  });
});

describe('scores', () => {
  const say = (change: Partial<typeof scores>, of: Partial<TrainEvaluation> = {}) =>
    scoreLines({ ...scores, ...change }, { ...evaluation, ...of }, 'dog');

  test('are said in plain words, with the figures beside them', () => {
    expect(say({})).toEqual([
      'Likeness: somewhat like (0.70, two photos 0.90)',
      'Prompts: followed in 80 % of pictures',
      '“a dog” is still any dog (−0.02)',
    ]);
    expect(say({ identity: 0.88 })[0]).toContain('as like as your own photos');
    expect(say({ identity: 0.8 })[0]).toContain('very like');
    expect(say({ identity: 0.45 })[0]).toContain('hardly like');
    expect(say({ drift: 0.1 })[2]).toBe('“a dog” looks a little like yours now (+0.10)');
    expect(say({ drift: 0.3 })[2]).toBe('“a dog” has come to look like yours (+0.30)');
  });

  test('of other judges and of one photo are not said as if they were the same', () => {
    const lines = say({ prompt: 0.31, identity: 0.75 }, { judge: 'paper', photoLikeness: null });
    expect(lines[0]).toBe('Likeness: somewhat like (0.75)');
    expect(lines[1]).toBe('Prompts: match of text and picture 0.31');
    expect(scoreSummary(scores, 'paper')).toBe('likeness 0.70, prompts 0.80');
  });
});
