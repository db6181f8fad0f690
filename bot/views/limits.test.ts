/** @file Every view against Discord's limits, in every language: longest names, right-to-left, emoji, markdown, nothing to see, no picture. A view without a case fails. */
import { readdirSync, readFileSync } from 'node:fs';
import type { APILabelComponent, APIModalInteractionResponseCallbackData } from 'discord.js';
import { ComponentType, ModalBuilder } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { failureCodes, type Outcome } from '#db/jobs/outcome.ts';
import type { TrainEvaluation } from '#db/jobs/train-subject.ts';
import type { GalleryItem } from '#db/queries/gallery-posts.ts';
import { parseGrantee } from '#db/queries/grantees.ts';
import type { UserJob } from '#db/queries/jobs.ts';
import type { Artifact } from '#db/schema/artifacts.ts';
import { galleryPostStatuses } from '#db/schema/gallery-posts.ts';
import { locales } from '#db/schema/guilds.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { type Report, reportStatuses } from '#db/schema/reports.ts';
import { rowStatuses } from '#db/schema/status.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { photoErrorCodes } from '#storage/decode/photo-error.ts';
import { commands, messageCommands } from '../commands/index.ts';
import type { PhotoFinding } from '../photo-findings.ts';
import { presetNames } from '../presets.ts';
import { styles } from '../styles.ts';
import { inEachLocale } from '../testing/in-each-locale.ts';
import { answerLost } from './answer-lost.ts';
import { guildSettings, MAX_LISTED } from './config.ts';
import { ownDefaults } from './defaults.ts';
import { limits, listLimitViolations } from './discord-limits.ts';
import { buildEditForm } from './edit-form.ts';
import { failureSentence } from './failures.ts';
import {
  consentAnswer,
  galleryPage,
  postChoice,
  publishedAnswer,
  renditionChoice,
  unpublishedAnswer,
  voteAnswer,
} from './gallery.ts';
import { galleryPost, galleryPostTitle, publishRequest } from './gallery-post.ts';
import { helpPage, helpTopicPage, topicChoices } from './help.ts';
import { directMessagesSet, jobChoice, jobList, jobState } from './jobs.ts';
import { type MessageView, messageView, withoutFiles } from './message-view.ts';
import { refusals } from './refusals.ts';
import { buildRemixForm } from './remix-form.ts';
import {
  deletePicturesQuestion,
  picturesDeleted,
  renditionAnswer,
  renditionInfo,
} from './rendition.ts';
import { renditionEnded } from './rendition-card.ts';
import { renditionProgress } from './rendition-progress.ts';
import { reportCard, reportDecided, reportTaken } from './report.ts';
import { shareRevoked, subjectInfo, subjectShared } from './sharing.ts';
import {
  defaultSubjectChosen,
  deleteQuestion,
  subjectChoice,
  subjectDeleted,
  subjectKept,
  subjectList,
  subjectOption,
  subjectRenamed,
  subjectWeights,
} from './subjects.ts';
import { buildTrainForm } from './train-form.ts';
import {
  cancelAnswer,
  finishAnswer,
  trainingAgainTaken,
  trainingProgress,
  trainingTaken,
} from './training.ts';
import { trainingEnded } from './training-ended.ts';
import { buildReplaceForm, draftDiscarded, trainingQuestion } from './training-question.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const idOf = (index: number) => id.replace(/.$/, String(index));
const flake = '9'.repeat(20);
const picture = Buffer.alloc(8);
const at = new Date(1_800_000_000_000);

/** What users write: a name takes 32 characters, a prompt 1,000. */
const texts = {
  plain: ['Rex', 'a [V] dog on the beach'],
  longest: ['W'.repeat(32), 'W'.repeat(1000)],
  markdown: ['*'.repeat(32), '*_~`|>#-'.repeat(125)],
  emoji: ['👩‍👩‍👧‍👦'.repeat(3), '👩‍👩‍👧‍👦'.repeat(90)],
  astral: ['𝔛'.repeat(16), '𝔛'.repeat(500)],
  rightToLeft: ['שלום עולם של חתולים וכלבים יפים', 'كلب على الشاطئ '.repeat(66)],
  overridden: ['\u202eRex\u202c', '\u202e'.repeat(1000)],
  mentions: ['@everyone <@1> <#2> <@&3> @here', '<@1>'.repeat(250)],
  link: ['[click](https://evil.example)', '[click](https://evil.example)'.repeat(34)],
  lines: ['one\ntwo\r\nthree', 'line\n'.repeat(200)],
  invisible: ['\u202e\u0000', '\u200e\u0000'.repeat(500)],
} as const;

/** What a case is made with. */
interface Extremes {
  readonly subject: Subject;
  readonly rendition: Rendition;
  readonly prompt: string;
}

function extremesOf([name, prompt]: readonly [string, string]): Extremes {
  const subject = {
    id,
    name,
    classNoun: 'd'.repeat(40),
    status: 'ready',
    ownerId: flake,
    currentArtifactId: idOf(0),
    createdAt: at,
  } as Subject;
  const rendition = {
    id,
    userId: flake,
    guildId: flake,
    channelId: flake,
    prompt,
    seed: 2 ** 32 - 1,
    count: 4,
    status: 'running',
    settings: { negativePrompt: prompt, strength: 0.5, guidanceScale: 29.99, sampler: 'ddim' },
    renderedWith: {
      width: 2048,
      height: 2048,
      sampler: 'ddim',
      numInferenceSteps: 150,
      guidanceScale: 30,
    },
    progress: { stage: 'rendering', step: 999, totalSteps: 1000, secondsLeft: 1e6 },
    parentId: id,
    sourceId: id,
    sourceIndex: 3,
    createdAt: at,
  } as unknown as Rendition;
  return { subject, rendition, prompt };
}

const runOf = (changes: Partial<TrainingRun> = {}): TrainingRun =>
  ({
    id,
    userId: flake,
    guildId: flake,
    channelId: flake,
    status: 'running',
    progress: { stage: 'training', step: 99_999, totalSteps: 100_000, secondsLeft: 1e6, loss: 1 },
    updatedAt: at,
    createdAt: at,
    cancelRequested: false,
    finishRequested: false,
    parentArtifactId: id,
    failureCode: null,
    evaluation: null,
    ...changes,
  }) as TrainingRun;
const scores = { identity: 0.7, prompt: 0.8, drift: -0.02 };
const evaluation: TrainEvaluation = {
  judge: 'pocket',
  photoLikeness: 0.9,
  classLikeness: 0.4,
  candidates: [{ step: 100_000, ...scores }],
  bestStep: 100_000,
};
const candidates = [0, 1, 2, 3, 4].map((index) => ({
  artifact: { id: idOf(index), step: 100_000 + index, scores },
  strip: index === 2 ? null : picture,
}));
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
const rendered: Outcome = {
  outcome: 'succeeded',
  kind: 'rendition',
  result: {
    fileIds: [id],
    seeds: [1],
    renderedWith: {
      width: 1,
      height: 1,
      sampler: 'ddim',
      numInferenceSteps: 1,
      guidanceScale: 1,
    },
  },
};
const endsOf = (kind: Outcome['kind'], word: string): Outcome[] => [
  { outcome: 'cancelled', kind },
  ...failureCodes.map(
    (code) =>
      ({
        outcome: 'failed',
        kind,
        code,
        detail: { word, reason: word, step: '1', nearestClassNouns: Array(5).fill(word) },
      }) as Outcome,
  ),
];
const everyFinding: PhotoFinding[] = [
  ...Array.from({ length: 10 }, (_, photo) => ({ kind: 'small' as const, photo, shortSide: 199 })),
  ...Array.from({ length: 10 }, (_, photo) => ({ kind: 'blurred' as const, photo })),
  ...[0, 2, 4, 6, 8].map((photo) => ({ kind: 'alike' as const, photos: [photo, photo + 1] })),
  { kind: 'same-background' },
];
const itemsOf = ({ subject, rendition }: Extremes): GalleryItem[] =>
  galleryPostStatuses.map(
    (status, index) =>
      ({
        post: {
          id: idOf(index),
          renditionId: idOf(index),
          pictureIndex: 3,
          authorId: flake,
          guildId: flake,
          status,
          style: 'pixel-art',
          voteCount: 2 ** 31 - 1,
          hallOfFameAt: at,
          channelId: flake,
        },
        rendition,
        subjects: [subject, { ...subject, ownerId: '1'.repeat(20) }],
      }) as unknown as GalleryItem,
  );
const listed = [...commands, ...messageCommands].map(({ definition }) => ({
  id: flake,
  name: definition.name,
  description: 'description' in definition ? definition.description : '',
  subcommands: ('options' in definition ? (definition.options ?? []) : []).map(({ name }) => name),
}));

/** Views by file and function, each at its fullest and at its emptiest. */
const cases: Record<string, (extremes: Extremes) => (MessageView | ModalBuilder)[]> = {
  'answer-lost.answerLost': () => [answerLost(flake)],
  'config.guildSettings': () => {
    const ids = Array<string>(MAX_LISTED).fill(flake);
    const full = { galleryChannelId: flake, moderatorChannelId: flake, hallOfFameThreshold: 1000 };
    const lists = { allowedChannelIds: ids, allowedRoleIds: ids };
    return locales.map((locale) => guildSettings({ ...full, ...lists, locale }));
  },
  'defaults.ownDefaults': ({ subject, prompt }) => [
    ownDefaults({}, undefined),
    ownDefaults(
      {
        count: 4,
        aspect: '16:9',
        numInferenceSteps: 150,
        guidanceScale: 30,
        sampler: 'dpmpp_2m_karras',
        negativePrompt: prompt,
      },
      subject,
    ),
  ],
  'edit-form.buildEditForm': ({ rendition }) => [
    buildEditForm(rendition),
    buildEditForm({ ...rendition, settings: {}, renderedWith: null, sourceId: null }),
  ],
  'gallery.galleryPage': (extremes) => {
    const items = itemsOf(extremes);
    const cursor = { postId: id, votes: 2 ** 24 };
    const page = (shown: GalleryItem[]) => ({
      items: shown,
      next: { ...cursor, direction: 'next' as const },
      previous: { ...cursor, direction: 'previous' as const },
    });
    const widest = { authorId: '9'.repeat(19), subjectId: id, style: styles.at(-1) };
    const requests = [7, 8].map((n) => ({
      item: { ...items[0]!, post: { ...items[0]!.post, id: idOf(n) } },
      picture,
    }));
    const shown = { subjectName: extremes.subject.name, undelivered: items.map(() => id) };
    return (['newest', 'week', 'month', 'all', 'hall', 'mine'] as const).flatMap((order) => [
      galleryPage({
        page: page(items.slice(0, 4)),
        pictures: [picture, null, picture, picture],
        look: { order, ...widest },
        ...shown,
        requests,
      }),
      galleryPage({ page: page(items.slice(1)), pictures: [], look: { order }, requests: [] }),
      galleryPage({
        page: { items: [], next: undefined, previous: undefined },
        pictures: [],
        look: { order },
      }),
    ]);
  },
  'gallery.publishedAnswer': () =>
    (['published', 'asked', 'already'] as const).flatMap((outcome) => [
      publishedAnswer(outcome, { channelId: flake, ownerIds: Array(25).fill(flake) }),
      publishedAnswer(outcome, { channelId: null, ownerIds: [flake] }),
    ]),
  'gallery.consentAnswer': () =>
    (['published', 'waiting', 'refused'] as const).map((outcome) => consentAnswer(outcome)),
  'gallery.voteAnswer': () =>
    [true, false].flatMap((byButton) =>
      [true, false].map((byReaction) =>
        voteAnswer({ voteCount: 2 ** 31 - 1 }, { byButton, byReaction }),
      ),
    ),
  'gallery.unpublishedAnswer': () => [unpublishedAnswer()],
  'gallery-post.galleryPost': (extremes) =>
    itemsOf(extremes).flatMap((item) => [galleryPost(item, picture), galleryPost(item)]),
  'gallery-post.publishRequest': (extremes) =>
    itemsOf(extremes).flatMap((item) => [
      publishRequest(item, picture),
      publishRequest(item, null),
    ]),
  'help.helpPage': () => [helpPage(listed), helpPage([])],
  'help.helpTopicPage': () => topicChoices.map(({ value }) => helpTopicPage(value, listed)),
  'jobs.jobList': (extremes) => [
    jobList([]),
    jobList(jobsOf(extremes).map((job) => ({ job, isUntold: false, isServed: true }))),
    jobList(manyJobs(extremes).map((job) => ({ job, isUntold: true, isServed: false }))),
  ],
  'jobs.directMessagesSet': () => [directMessagesSet(true), directMessagesSet(false)],
  'jobs.jobState': (extremes) =>
    jobsOf(extremes).flatMap((job) => [jobState(job), jobState(job, false)]),
  'remix-form.buildRemixForm': ({ subject, prompt }) => [
    buildRemixForm({ renditionId: id, prompt, subjects: [subject] }),
    buildRemixForm({ renditionId: id, prompt, subjects: manyOf(subject, 30) }),
  ],
  'rendition.renditionAnswer': ({ subject, rendition }) => [
    renditionAnswer(
      { kind: 'taken', subjects: [subject, subject], rendition, isServed: false },
      id,
    ),
    renditionAnswer(
      { kind: 'taken', subjects: [], rendition: { ...rendition, guildId: null }, isServed: true },
      id,
    ),
    renditionAnswer({ kind: 'ask', draftId: id, candidates: [subject] }, id),
    renditionAnswer({ kind: 'ask', draftId: id, candidates: manyOf(subject, 30) }, id),
  ],
  'rendition.renditionInfo': ({ rendition, subject }) => [
    renditionInfo(rendition, [subject, subject]),
    renditionInfo({ ...rendition, settings: {}, renderedWith: null }, []),
  ],
  'rendition.deletePicturesQuestion': ({ rendition }) => [
    deletePicturesQuestion(rendition, 0),
    deletePicturesQuestion(rendition, 4),
  ],
  'rendition.picturesDeleted': () => [picturesDeleted()],
  'rendition-card.renditionEnded': ({ rendition, subject, prompt }) => [
    ...[1, 2, 3, 4].map((count) =>
      renditionEnded(rendition, [subject, subject], rendered, Array(count).fill(picture)),
    ),
    renditionEnded({ ...rendition, guildId: null }, [], rendered, []),
    renditionEnded(rendition, [subject], rendered, 'too-large'),
    renditionEnded(rendition, [subject], rendered, 'unreadable'),
    ...endsOf('rendition', prompt).map((end) => renditionEnded(rendition, [subject], end, [])),
  ],
  'rendition-progress.renditionProgress': ({ rendition, subject }) => [
    renditionProgress(rendition, {
      subjects: [subject, subject],
      isServed: true,
      preview: picture,
    }),
    renditionProgress(
      { ...rendition, status: 'queued', progress: null },
      { subjects: [], isServed: false, preview: null },
    ),
    renditionProgress(
      { ...rendition, cancelRequested: true },
      { subjects: [subject], isServed: true, preview: null },
    ),
  ],
  'report.reportCard': ({ prompt }) =>
    reportStatuses.flatMap((status) => {
      const report = { id, guildId: flake, status, decidedBy: flake } as Report;
      const thing = { authorId: flake, prompt, message: { channelId: flake, messageId: flake } };
      const nothing = { authorId: null, prompt: null, message: null, picture: null };
      return [reportCard(report, { ...thing, picture }), reportCard(report, nothing)];
    }),
  'report.reportTaken': () =>
    reportStatuses.flatMap((status) => [reportTaken(status, true), reportTaken(status, false)]),
  'report.reportDecided': () => [reportDecided('approved'), reportDecided('denied')],
  'sharing.subjectShared': ({ subject }) => [
    subjectShared(subject, everyGrantee, flake),
    subjectShared(subject, everyGrantee.slice(0, 1), null),
  ],
  'sharing.shareRevoked': ({ subject }) => [
    shareRevoked(subject, everyGrantee, 1e6, flake),
    shareRevoked(subject, [], 0, null),
  ],
  'sharing.subjectInfo': ({ subject }) => {
    const user = { userId: flake, count: 1_000_000, lastAt: at };
    const usage = { total: 1e9, users: 1e6, top: Array(10).fill(user) };
    const none = { total: 0, users: 0, top: [] };
    return [
      subjectInfo(subject, { photoCount: 10, publishedPictures: 1e6, shares, usage }, flake),
      subjectInfo(subject, { photoCount: 0, publishedPictures: 0, shares: [], usage: none }, null),
    ];
  },
  'subjects.subjectList': ({ subject }) => [
    subjectList([]),
    ...(['ready', 'training', 'untrained'] as const).map((status) =>
      subjectList(
        manyOf({ ...subject, status }, 50).map((one) => ({
          subject: one,
          photoCount: 10,
          failureCode: 'FROM_AN_OLDER_RELEASE',
          wasUndelivered: true,
        })),
      ),
    ),
  ],
  'subjects.subjectRenamed': ({ subject }) => [subjectRenamed(subject, subject)],
  'subjects.defaultSubjectChosen': ({ subject }) => [defaultSubjectChosen(subject)],
  'subjects.deleteQuestion': ({ subject }) => [
    deleteQuestion(subject, 0),
    deleteQuestion(subject, 1_000_000),
  ],
  'subjects.subjectDeleted': ({ subject }) => [subjectDeleted(subject)],
  'subjects.subjectKept': () => [subjectKept()],
  'subjects.subjectWeights': ({ subject }) =>
    (['lora', 'full'] as const).map((method) =>
      subjectWeights(
        subject,
        { method, identifier: 'zwx', baseCheckpointHash: 'f'.repeat(64) } as Artifact,
        picture,
      ),
    ),
  'train-form.buildTrainForm': ({ subject, prompt }) => [
    buildTrainForm({ classNoun: null, name: null, exampleClassNouns: [] }),
    buildTrainForm({
      classNoun: prompt,
      name: subject.name,
      exampleClassNouns: Array(9).fill('z'.repeat(200)),
    }),
  ],
  'training.trainingTaken': ({ subject }) => [trainingTaken({ run: runOf(), subject }, id)],
  'training.trainingAgainTaken': ({ subject }) => [
    trainingAgainTaken({ run: runOf({ parentArtifactId: null }), subject }, id),
    trainingAgainTaken({ run: runOf({ guildId: null }), subject }, id),
  ],
  'training.trainingProgress': ({ subject }) => [
    trainingProgress(runOf(), subject, { ahead: 3, isServed: true, strip: picture }),
    trainingProgress(runOf(), subject, { ahead: 3, isServed: false, strip: picture }),
    trainingProgress(runOf({ status: 'queued', progress: null }), subject, {
      ahead: 1e6,
      isServed: true,
      strip: null,
    }),
    trainingProgress(runOf({ cancelRequested: true }), subject, {
      ahead: null,
      isServed: true,
      strip: null,
    }),
    trainingProgress(runOf({ finishRequested: true }), subject, {
      ahead: null,
      isServed: true,
      strip: picture,
    }),
  ],
  'training.cancelAnswer': () => [cancelAnswer('cancelled'), cancelAnswer('requested')],
  'training.finishAnswer': () => [finishAnswer()],
  'training-ended.trainingEnded': ({ subject, prompt }) => [
    trainingEnded(runOf({ evaluation }), subject, trained, { candidates, classPictures: picture }),
    trainingEnded(runOf(), subject, trained, { candidates: [], classPictures: null }),
    ...endsOf('training', prompt).map((end) =>
      trainingEnded(runOf(), subject, end, { candidates: [], classPictures: null }),
    ),
  ],
  'training-question.trainingQuestion': ({ subject }) => {
    const draft = { id, name: subject.name, classNoun: subject.classNoun, photoCount: 10 };
    const thumbnails = new Map(Array.from({ length: 10 }, (_, photo) => [photo, picture]));
    const time = { seconds: 1e6, isMeasured: true };
    return [
      trainingQuestion({ ...draft, findings: everyFinding, thumbnails, time, ahead: 1e6 }),
      trainingQuestion({ ...draft, findings: [], thumbnails: new Map(), time, ahead: null }),
    ];
  },
  'training-question.buildReplaceForm': () => [
    buildReplaceForm(id, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    buildReplaceForm(id, []),
  ],
  'training-question.draftDiscarded': () => [draftDiscarded()],
};

const manyOf = (subject: Subject, count: number): Subject[] =>
  Array.from({ length: count }, (_, index) => ({
    ...subject,
    id: id.replace(/..$/, String(index).padStart(2, '0')),
  }));
const jobsOf = ({ subject, rendition }: Extremes): UserJob[] =>
  rowStatuses.flatMap((status): UserJob[] => {
    const failureCode = 'NAN_LOSS';
    return [
      { kind: 'training', row: runOf({ status, failureCode }), subject },
      { kind: 'rendition', row: { ...rendition, status, failureCode } },
    ];
  });
const manyJobs = (extremes: Extremes) => Array.from({ length: 20 }, () => jobsOf(extremes)).flat();
const shares = Array.from({ length: 300 }, (_, index) => ({
  grantee: ['everyone', `role:${flake}`, `user:${flake}`, `guild:${flake}`][index % 4]!,
}));
const everyGrantee = shares.map(({ grantee }) => parseGrantee(grantee));

/** @returns `file.function` of every exported function that makes a message or a form */
function listViews(): string[] {
  const folder = new URL('.', import.meta.url);
  return readdirSync(folder)
    .filter((name) => /\.ts$/.test(name) && !/\.test\.ts$|^message-view\./.test(name))
    .flatMap((name) => {
      const source = readFileSync(new URL(name, folder), 'utf8');
      return source.split('\nexport function ').flatMap((part, index) => {
        const [, made] = /\): ([^\n]+) \{\n/.exec(part) ?? [];
        const isView = index > 0 && (made === 'MessageView' || made === 'ModalBuilder');
        return isView ? [`${name.slice(0, -3)}.${/^\w+/.exec(part)?.[0]}`] : [];
      });
    });
}

/** @returns every limit of forms that this one breaks */
function listFormViolations(form: APIModalInteractionResponseCallbackData): string[] {
  const found: string[] = [];
  const hold = (what: string, text: string | undefined, max: number, min = 0) => {
    const length = text?.length ?? 0;
    if (length > max || length < min) found.push(`${what}: ${length} of at most ${max}`);
  };
  hold('title', form.title, 45, 1);
  hold('custom id', form.custom_id, limits.customIdLength, 1);
  if (form.components.length < 1 || form.components.length > 5) found.push('components');
  for (const part of form.components as APILabelComponent[]) {
    hold('label', part.label, 45, 1);
    hold('description', part.description, 100);
    const { component } = part;
    if (component.type === ComponentType.TextInput) {
      hold('placeholder', component.placeholder, 100);
      hold('value', component.value, component.max_length ?? 4000);
    }
    const options = 'options' in component ? (component.options ?? []) : [];
    if (options.length > limits.choices) found.push(`options: ${options.length}`);
    for (const option of options) {
      hold('option label', option.label, limits.choiceNameLength, 1);
      hold('option value', option.value, limits.choiceValueLength, 1);
      hold('option description', option.description, limits.choiceNameLength);
    }
  }
  return found;
}

const violationsOf = (view: MessageView | ModalBuilder): string[] =>
  view instanceof ModalBuilder
    ? listFormViolations(view.toJSON() as APIModalInteractionResponseCallbackData)
    : [...listLimitViolations(view), ...listLimitViolations(withoutFiles(view))];

test('every view has a case', () => {
  expect(Object.keys(cases).sort()).toEqual(listViews().sort());
});

describe.each(Object.entries(texts))('with %s texts', (_, text) => {
  const extremes = extremesOf(text);
  const { subject, rendition, prompt } = extremes;

  test.each(Object.entries(cases))('%s fits', (__, make) =>
    inEachLocale(() => {
      for (const view of make(extremes)) expect(violationsOf(view)).toEqual([]);
    })(),
  );

  test(
    'every refusal and failure fits a message',
    inEachLocale(() => {
      const nouns = Array<string>(9).fill('d'.repeat(40));
      const said = Object.entries(refusals)
        .filter(([name]) => name !== 'photo' && name !== 'numberMalformed')
        .map(([, refuse]) => (refuse as (...given: unknown[]) => string)(...argumentsOf(refuse)));
      const photos = photoErrorCodes.map((code) =>
        refusals.photo({ number: 10, filename: prompt }, code),
      );
      const failures = failureCodes.map((code) =>
        failureSentence(code, {
          word: prompt,
          reason: prompt,
          nearestClassNouns: nouns,
        }),
      );
      for (const sentence of [...said, ...photos, ...failures]) {
        expect(listLimitViolations(messageView(sentence))).toEqual([]);
      }

      /** Each at its longest: a refusal takes a text, texts, subjects or numbers. */
      function argumentsOf(refuse: unknown): unknown[] {
        const source = String(refuse);
        const given = /^\(([^)]*)\)/.exec(source)?.[1]?.split(',') ?? [];
        return given.map((name) => {
          const word = name.trim();
          if (word === 'nearest') return nouns;
          if (word === 'missing') return ['View Channel', 'Send Messages', 'Attach Files'];
          if (word === 'known') return presetNames;
          if (word === 'allowed') return Array(25).fill(flake);
          if (word === 'subjects') return Array(25).fill(subject);
          if (/^(name|one|other)$/.test(word)) return subject.name;
          if (/^(classNoun|suggestion|interactionId|channelId)$/.test(word)) return prompt;
          return 2 ** 32;
        });
      }
    }),
  );

  test(
    'every choice and title fits',
    inEachLocale(() => {
      const [item] = itemsOf(extremes);
      const choices = [
        ...(['mine', 'user', 'role', 'guild', 'everyone'] as const).map((access) =>
          subjectChoice(subject, access),
        ),
        renditionChoice(rendition),
        postChoice(item!),
        ...jobsOf(extremes).map((job) => jobChoice(job)),
        { name: subjectOption(subject).label, value: subjectOption(subject).value },
      ];
      for (const { name, value } of choices) {
        expect(name.trim(), JSON.stringify(name)).not.toBe('');
        expect(name.length).toBeLessThanOrEqual(limits.choiceNameLength);
        expect(value.length).toBeLessThanOrEqual(limits.choiceValueLength);
      }
      const title = galleryPostTitle(item!);
      expect(title.trim()).not.toBe('');
      expect(title.length).toBeLessThanOrEqual(limits.threadNameLength);
    }),
  );
});
