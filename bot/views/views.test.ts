import { describe, expect, test } from 'vitest';
import { failureCodes, type Outcome } from '#db/jobs/outcome.ts';
import { trainStages } from '#db/jobs/train-subject.ts';
import type { GalleryItem } from '#db/queries/gallery-posts.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { photoErrorCodes } from '#storage/decode/photo-error.ts';
import { fetchErrorCodes } from '#storage/remote/fetch-error.ts';
import { commands } from '../commands/index.ts';
import { parseCustomId } from '../custom-ids.ts';
import { limits, listLimitViolations } from './discord-limits.ts';
import { failureSentence, storedFailureSentence } from './failures.ts';
import { galleryPage } from './gallery.ts';
import { refusals } from './refusals.ts';
import { renditionEnded, renditionTaken } from './rendition.ts';
import { deleteQuestion, subjectChoice, subjectList } from './subjects.ts';
import { code, duration, fitText, plain, progressBar } from './text.ts';
import { buildTrainForm } from './train-form.ts';
import { trainingEnded, trainingProgress, trainingTaken } from './training.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const texts = {
  plain: 'Rex',
  longest: 'W'.repeat(32),
  markdown: '*'.repeat(32),
  emoji: '👩‍👩‍👧‍👦'.repeat(3),
  rightToLeft: 'שלום עולם של חתולים וכלבים יפים',
  mentions: '@everyone <@1> <#2> <@&3> @here',
  link: '[click](https://evil.example)',
  empty: '\u202e\u0000',
};
const prompts = { ...texts, thousand: '*'.repeat(1000), wide: '𝔛'.repeat(500) };

const subjectOf = (name: string): Subject =>
  ({ id, name, classNoun: 'd'.repeat(40), status: 'ready', ownerId: '1'.repeat(20) }) as Subject;
const runOf = (progress: TrainingRun['progress'], status = 'running') =>
  ({ id, userId: '1'.repeat(20), status, progress, cancelRequested: false }) as TrainingRun;
const renditionOf = (prompt: string): Rendition =>
  ({ id, userId: '1'.repeat(20), guildId: '2', prompt, seed: 2 ** 32 - 1, count: 4 }) as Rendition;
const picture = Buffer.alloc(8);
const rendered: Outcome = {
  outcome: 'succeeded',
  kind: 'rendition',
  result: { fileIds: [id], seeds: [1], width: 1, height: 1 },
};
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

describe('views', () => {
  test.each(Object.entries(texts))('of a subject with a %s name fit', (_, name) => {
    const subject = subjectOf(name);
    const progress = {
      stage: 'class-images',
      step: 9999,
      totalSteps: 10_000,
      secondsLeft: 1e6,
      loss: 1,
    } as const;
    const views = [
      trainingTaken(subject, 10),
      trainingProgress(runOf(progress), subject),
      trainingEnded(runOf(null), subject, trained, Array(12).fill(picture)),
      renditionTaken(4, subject),
      deleteQuestion(subject, 1_000_000),
      subjectList(
        Array(50).fill({ subject, photoCount: 10, failureCode: null, wasUndelivered: true }),
      ),
    ];
    for (const view of views) expect(listLimitViolations(view)).toEqual([]);
    expect(subjectChoice(subject).name.length).toBeLessThanOrEqual(limits.choiceNameLength);
  });

  test.each(Object.entries(prompts))('of a %s prompt fit', (_, prompt) => {
    const rendition = renditionOf(prompt);
    const failed = {
      outcome: 'failed',
      kind: 'rendition',
      code: 'PROMPT_TOO_LONG',
      detail: { word: prompt },
    } as const;
    const item = {
      post: { id, authorId: '1'.repeat(20) },
      rendition,
      subject: null,
    } as GalleryItem;
    const page = { items: Array(4).fill(item), olderThan: id, newerThan: id };
    const views = [
      renditionEnded(rendition, subjectOf(texts.longest), rendered, Array(4).fill(picture)),
      renditionEnded(rendition, null, failed, []),
      galleryPage(page, [picture, picture, null, picture]),
    ];
    for (const view of views) expect(listLimitViolations(view)).toEqual([]);
  });

  test('offer Publish for each picture, in servers only', () => {
    const inGuild = renditionEnded(renditionOf('x'), null, rendered, [picture, picture]);
    const ids = inGuild.components[0]?.components.map(
      (button) => 'custom_id' in button && button.custom_id,
    );
    expect(ids).toEqual([`publish:${id}:0`, `publish:${id}:1`]);
    expect(ids?.map((customId) => parseCustomId(String(customId))?.index)).toEqual([0, 1]);
    const inDm = renditionEnded({ ...renditionOf('x'), guildId: null }, null, rendered, [picture]);
    expect(inDm.components).toEqual([]);
  });

  test('give every picture an alt text', () => {
    const [first] = renditionEnded(renditionOf('a [V] cat'), null, rendered, [
      picture,
      picture,
    ]).files;
    expect(first?.description).toBe('Picture 1 of 2: a [V] cat');
  });

  test('show a training in lines that fit a phone, at every stage', () => {
    for (const stage of trainStages) {
      const progress = { stage, step: 1234, totalSteps: 9999, secondsLeft: 7000, loss: null };
      const { content } = trainingProgress(runOf(progress), { name: 'Rex', classNoun: 'dog' });
      for (const line of content.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(36);
    }
    const waiting = trainingProgress(runOf(null, 'queued'), { name: 'Rex', classNoun: 'dog' });
    expect(waiting.content).toContain('Waiting for its turn');
    const stopping = trainingProgress({ ...runOf(null), cancelRequested: true }, subjectOf('Rex'));
    expect(stopping.components[0]?.components[0]).toMatchObject({ disabled: true });
  });

  test('have a sentence for every failure and every refused photo, which says what to do', () => {
    for (const failureCode of failureCodes) {
      const sentence = failureSentence(failureCode);
      expect(sentence).toMatch(/^[A-Z].*[.]$/);
      expect(storedFailureSentence(failureCode)).toBe(sentence);
    }
    expect(storedFailureSentence('FROM_AN_OLDER_RELEASE')).toContain('Something went wrong');
    for (const reason of [...photoErrorCodes, ...fetchErrorCodes]) {
      expect(refusals.photo({ number: 2, filename: 'IMG_1.heic' }, reason)).toMatch(
        /^Photo 2 \(IMG\\_1\.heic\) .+[.]$/,
      );
    }
  });

  test('name the first word that does not fit, and the nearest class nouns', () => {
    expect(failureSentence('PROMPT_TOO_LONG', { word: 'sunset' })).toContain(
      '`sunset` and what follows',
    );
    expect(failureSentence('CLASS_NOUN_UNKNOWN', { nearestClassNouns: ['dog', 'cat'] })).toContain(
      'Nearest: `dog` and `cat`.',
    );
  });

  test('say which setting does not work, and where a training went astray', () => {
    const reason = 'width: expected a multiple of 8, got 20';
    expect(failureSentence('SETTINGS_UNSUPPORTED', { reason })).toBe(
      `The base model cannot work with these settings: \`${reason}\`. Try others, or tell the person who runs this bot.`,
    );
    expect(failureSentence('NAN_LOSS', { step: '12' })).toContain('went astray at step 12 and');
  });

  test('open a form that Discord takes, whatever the options said', () => {
    const form = buildTrainForm({
      classNoun: 'x'.repeat(100),
      name: 'y'.repeat(100),
      exampleClassNouns: ['z'.repeat(200)],
    }).toJSON();
    expect(form.title.length).toBeLessThanOrEqual(45);
    expect(form.components).toHaveLength(4);
  });
});

describe('text', () => {
  test('of users shows as written', () => {
    expect(plain('*bold* _and_ `code`')).toBe('\\*bold\\* \\_and\\_ \\`code\\`');
    expect(plain('a\nb\u0000c\u202ed')).toBe('a b c d');
    expect(plain('<@123> <#1>')).not.toMatch(/<[@#]/);
    expect(plain('# big')).toBe('\\# big');
    expect(code('a`b')).toBe("`a'b`");
  });

  test('is cut between characters', () => {
    expect(fitText('abcdef', 4)).toBe('abc…');
    expect(fitText('👍👍👍', 4)).toBe('👍…');
    expect(fitText('abc', 3)).toBe('abc');
  });

  test('tells time and progress', () => {
    expect([5, 61, 600, 5400, 8000, 86_400].map(duration)).toEqual([
      'less than a minute',
      'about 1 min',
      'about 10 min',
      'about 1 h 30 min',
      'about 2 h 10 min',
      'about 24 h',
    ]);
    expect(progressBar(0, 0)).toBe('▱▱▱▱▱▱▱▱▱▱ 0 %');
    expect(progressBar(99, 100)).toBe('▰▰▰▰▰▰▰▰▰▱ 99 %');
    expect(progressBar(7, 5)).toBe('▰▰▰▰▰▰▰▰▰▰ 100 %');
  });
});

test('commands have names of their own', () => {
  const names = commands.map(({ definition }) => definition.name);
  expect(names).toEqual(['train', 'imagine', 'subject', 'gallery', 'config']);
});
