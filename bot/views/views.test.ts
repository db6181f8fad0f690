import type {
  APILabelComponent,
  APIStringSelectComponent,
  APITextInputComponent,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { failureCodes, type Outcome } from '#db/jobs/outcome.ts';
import type { RenderProgress } from '#db/jobs/render-prompt.ts';
import { galleryOrders } from '#db/queries/gallery-pages.ts';
import type { GalleryItem } from '#db/queries/gallery-posts.ts';
import { parseGrantee } from '#db/queries/grantees.ts';
import { type GalleryPost, galleryPostStatuses } from '#db/schema/gallery-posts.ts';
import { locales } from '#db/schema/guilds.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { type Report, reportStatuses } from '#db/schema/reports.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { photoErrorCodes } from '#storage/decode/photo-error.ts';
import { fetchErrorCodes } from '#storage/remote/fetch-error.ts';
import { commands } from '../commands/index.ts';
import { buttonActions, parseCustomId } from '../custom-ids.ts';
import { styles } from '../styles.ts';
import { inEachLocale } from '../testing/in-each-locale.ts';
import { guildSettings, MAX_LISTED } from './config.ts';
import { limits, listComponents, listLimitViolations } from './discord-limits.ts';
import { buildEditForm } from './edit-form.ts';
import { failureSentence, storedFailureSentence } from './failures.ts';
import { galleryPage, postChoice } from './gallery.ts';
import { chooseTags, galleryPost, galleryPostTitle, publishRequest } from './gallery-post.ts';
import type { MessageView } from './message-view.ts';
import { refusals } from './refusals.ts';
import { buildRemixForm } from './remix-form.ts';
import { deletePicturesQuestion, renditionAnswer, renditionInfo } from './rendition.ts';
import { renditionEnded } from './rendition-card.ts';
import { renditionProgress } from './rendition-progress.ts';
import { reportCard } from './report.ts';
import { shareRevoked, subjectInfo, subjectShared } from './sharing.ts';
import { deleteQuestion, subjectChoice, subjectList } from './subjects.ts';
import { code, duration, fitText, plain, progressBar } from './text.ts';
import { buildTrainForm } from './train-form.ts';

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
const renditionOf = (prompt: string): Rendition =>
  ({
    id,
    userId: '1'.repeat(20),
    guildId: '2',
    prompt,
    seed: 2 ** 32 - 1,
    count: 4,
    settings: {},
    renderedWith: null,
    parentId: id,
    sourceId: null,
  }) as unknown as Rendition;
const itemOf = (
  prompt: string,
  name: string,
  status: GalleryPost['status'] = 'published',
  index = 0,
) =>
  ({
    post: {
      id: id.replace(/.$/, String(index)),
      renditionId: id.replace(/.$/, String(index)),
      pictureIndex: 3,
      authorId: '1'.repeat(20),
      status,
      style: 'pixel-art',
      voteCount: 2 ** 31 - 1,
      hallOfFameAt: new Date(),
      channelId: '2'.repeat(20),
    },
    rendition: renditionOf(prompt),
    subjects: [subjectOf(name), { ...subjectOf(name), ownerId: '3'.repeat(20) }],
  }) as unknown as GalleryItem;
const idsOf = (view: MessageView) =>
  listComponents(view).flatMap((item) => ('custom_id' in item ? [item.custom_id] : []));
const picture = Buffer.alloc(8);
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
const rendering = {
  stage: 'rendering',
  step: 999,
  totalSteps: 1000,
  secondsLeft: 1e6,
} as const satisfies RenderProgress;

const shown = { count: 4, channelId: '1', guildId: '3' };

describe('views', () => {
  test.each(Object.entries(texts))(
    'of a subject with a %s name fit',
    inEachLocale((_, name) => {
      const subject = subjectOf(name);
      const views = [
        renditionAnswer(
          { kind: 'taken', subjects: [subject, subject], rendition: shown, isServed: true },
          '2',
        ),
        renditionAnswer({ kind: 'ask', draftId: id, candidates: Array(25).fill(subject) }, '2'),
        deleteQuestion(subject, 1_000_000),
        subjectList(
          Array(50).fill({ subject, photoCount: 10, failureCode: null, wasUndelivered: true }),
        ),
      ];
      for (const view of views) expect(listLimitViolations(view)).toEqual([]);
      expect(subjectChoice(subject).name.length).toBeLessThanOrEqual(limits.choiceNameLength);
    }),
  );

  test.each(Object.entries(prompts))(
    'of a %s prompt fit',
    inEachLocale((_, prompt) => {
      const rendition = renditionOf(prompt);
      const failed = {
        outcome: 'failed',
        kind: 'rendition',
        code: 'PROMPT_TOO_LONG',
        detail: { word: prompt },
      } as const;
      const two = [subjectOf(texts.longest), subjectOf(texts.markdown)];
      const views = [
        renditionEnded(rendition, two, rendered, Array(4).fill(picture)),
        renditionEnded(rendition, two, rendered, [picture]),
        renditionEnded(rendition, two, rendered, 'too-large'),
        renditionEnded(rendition, [], failed, []),
        renditionInfo({ ...rendition, settings: { negativePrompt: prompt } }, two),
        deletePicturesQuestion(rendition, 4),
        renditionProgress(
          { ...rendition, status: 'running', progress: rendering },
          { subjects: two, isServed: true, preview: picture },
        ),
        renditionProgress(
          { ...rendition, status: 'queued' },
          { subjects: two, isServed: false, preview: null },
        ),
      ];
      for (const view of views) expect(listLimitViolations(view)).toEqual([]);
    }),
  );

  test.each([
    ...Object.entries(prompts).map(([key, prompt]) => [`${key} prompt`, prompt, texts.longest]),
    ...Object.entries(texts).map(([key, name]) => [`${key} name`, prompts.thousand, name]),
  ] as const)(
    'of a gallery with a %s fit',
    inEachLocale((_: string, prompt = '', name = '') => {
      const statuses = galleryPostStatuses.map((status, index) =>
        itemOf(prompt, name, status, index),
      );
      const cursor = { postId: id, votes: 2 ** 24, direction: 'next' } as const;
      const page = (items: GalleryItem[]) => ({
        items,
        next: cursor,
        previous: { ...cursor, direction: 'previous' as const },
      });
      const widest = { authorId: '9'.repeat(19), subjectId: id, style: styles.at(-1) };
      const views = [
        ...[...galleryOrders, 'mine' as const].flatMap((order) =>
          [statuses.slice(0, 4), statuses.slice(1), []].map((items) =>
            galleryPage({
              page: page(items),
              pictures: [picture, null, picture, picture],
              look: { order, ...widest },
              subjectName: name,
              undelivered: [id],
              requests: [7, 8].map((n) => ({ item: itemOf(prompt, name, 'asked', n), picture })),
            }),
          ),
        ),
        ...[
          ...statuses.flatMap((item) => [
            galleryPost(item, picture),
            galleryPost(item),
            publishRequest(item, picture),
            publishRequest(item, null),
          ]),
          ...reportStatuses.flatMap((status) =>
            [null, prompt].map((said) =>
              reportCard({ id, guildId: '1', status, decidedBy: '1'.repeat(20) } as Report, {
                authorId: '1'.repeat(20),
                prompt: said,
                message: null,
                picture,
              }),
            ),
          ),
        ],
      ];
      for (const view of views) expect(listLimitViolations(view)).toEqual([]);
      for (const item of statuses) {
        const title = galleryPostTitle(item);
        expect(title.length).toBeLessThanOrEqual(limits.threadNameLength);
        expect(title.trim()).not.toBe('');
        expect(postChoice(item).name.length).toBeLessThanOrEqual(limits.choiceNameLength);
      }
    }),
  );

  test(
    'of sharing fit, however many share a subject and use it',
    inEachLocale(() => {
      for (const name of Object.values(texts)) {
        const subject = { ...subjectOf(name), createdAt: new Date() };
        const shares = Array.from({ length: 300 }, (_, index) => ({
          grantee: ['everyone', `role:${'7'.repeat(20)}`, `user:${'8'.repeat(20)}`][index % 3]!,
        }));
        const grantees = shares.map(({ grantee }) => parseGrantee(grantee));
        const user = { userId: '9'.repeat(20), count: 1_000_000, lastAt: new Date() };
        const usage = { total: 1e9, users: 1e6, top: Array(10).fill(user) };
        const counts = { photoCount: 10, publishedPictures: 1e6 };
        const views = [
          subjectShared(subject, grantees, '1'),
          shareRevoked(subject, grantees, 1e6, null),
          shareRevoked(subject, [], 0, null),
          subjectInfo(subject, { ...counts, shares, usage }, '1'),
        ];
        for (const view of views) expect(listLimitViolations(view)).toEqual([]);
      }
    }),
  );

  test(
    'of the settings of a server fit, with both lists full',
    inEachLocale(() => {
      const ids = Array<string>(MAX_LISTED).fill('1'.repeat(20));
      const [one = ''] = ids;
      for (const locale of locales) {
        const view = guildSettings({
          galleryChannelId: one,
          moderatorChannelId: one,
          hallOfFameThreshold: 1000,
          allowedChannelIds: ids,
          allowedRoleIds: ids,
          locale,
        });
        expect(listLimitViolations(view)).toEqual([]);
      }
    }),
  );

  test('choose tags of a forum that fit the picture: fame first, then style, then what it shows', () => {
    const tags = ['dog', 'PIXELKUNST', 'Hall of fame', 'Rex', 'x', 'y', 'pixel art'].map(
      (name, index) => ({ id: String(index), name, moderated: false }),
    );
    const item = itemOf('a [V]', 'Rex');
    const ofDog = { ...item, subjects: [{ ...item.subjects[0]!, classNoun: 'Dog' }] };
    expect(chooseTags(ofDog, tags, false)).toEqual(['2', '6', '1', '0', '3']);
    const plainPost = { ...ofDog.post, hallOfFameAt: null, style: null };
    expect(chooseTags({ ...ofDog, post: plainPost }, tags, false)).toEqual(['0', '3']);
    const foreign = tags.slice(4, 6);
    expect(chooseTags(ofDog, foreign, false)).toEqual([]);
    expect(chooseTags(ofDog, foreign, true)).toEqual(['4']);
    const staff = foreign.map((tag) => ({ ...tag, moderated: true }));
    expect(chooseTags(ofDog, staff, true)).toEqual([]);
  });

  test('offer Publish for each picture, in servers only', () => {
    const inGuild = renditionEnded(renditionOf('x'), [], rendered, [picture, picture]);
    const ids = idsOf(inGuild).filter((customId) => customId.startsWith('publish'));
    expect(ids).toEqual([`publish:${id}:0`, `publish:${id}:1`]);
    expect(ids.map((customId) => parseCustomId(customId, buttonActions)?.index)).toEqual([0, 1]);
    const inDm = renditionEnded({ ...renditionOf('x'), guildId: null }, [], rendered, [picture]);
    expect(idsOf(inDm).some((customId) => customId.startsWith('publish'))).toBe(false);
  });

  test('offer with pictures what can be done with them', () => {
    const actionsOf = (changes: Partial<Rendition>, pictures: number) =>
      idsOf(
        renditionEnded(
          { ...renditionOf('x'), guildId: null, ...changes },
          [],
          rendered,
          Array(pictures).fill(picture),
        ),
      ).map((customId) => customId.replace(`:${id}`, ''));
    const tools = ['again', 'edit', 'info', 'delete-pictures'];
    expect(actionsOf({}, 2)).toEqual([
      ...['enlarge-2:0', 'enlarge-2:1', 'vary-strong:0', 'vary-strong:1'],
      ...tools,
    ]);
    const one = ['enlarge-2:0', 'enlarge-4:0', 'vary-subtle:0', 'vary-strong:0'];
    expect(actionsOf({}, 1)).toEqual([...one, ...tools]);
    expect(actionsOf({ settings: { enlarge: 2 }, sourceId: id }, 1)).toEqual([
      ...one.slice(1),
      ...tools.slice(1),
    ]);
    // What began with an attached picture cannot be drawn again without it.
    expect(actionsOf({ settings: { strength: 0.5 } }, 1)).toEqual([...one, ...tools.slice(1)]);
    expect(actionsOf({ settings: { strength: 0.5 }, sourceId: id }, 1)).toEqual([...one, ...tools]);
    expect(actionsOf({}, 0)).toEqual(tools);
  });

  test('give every picture an alt text', () => {
    const [first] = renditionEnded(renditionOf('a [V] cat'), [], rendered, [
      picture,
      picture,
    ]).files;
    expect(first?.description).toBe('Picture 1 of 2: a [V] cat');
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

  test('tell every parameter of a picture in lines to be copied', () => {
    const rendition = {
      ...renditionOf('a [V] cat'),
      seed: 7,
      count: 2,
      settings: { negativePrompt: 'rain', guidanceScale: 4.5, sampler: 'ddim', strength: 0.4 },
      renderedWith: {
        width: 128,
        height: 96,
        sampler: 'ddim',
        numInferenceSteps: 20,
        guidanceScale: 4.5,
      },
    } satisfies Partial<Rendition>;
    const info = renditionInfo(rendition, [subjectOf('Rex')]);
    expect(JSON.stringify(info.components)).toContain(
      [
        'prompt: a [V] cat',
        'negative: rain',
        'seed: 7',
        'seeds: 7 to 8, in order',
        'guidance: 4.5',
        'steps: 20',
        'sampler: ddim',
        'size: 128 × 96',
        'strength: 0.4',
        `from: ${id}`,
        `picture: ${id}`,
      ].join('\\n'),
    );
  });

  test.each(Object.entries(prompts))(
    'open a form to edit a %s prompt that Discord takes',
    inEachLocale((_, prompt) => {
      const form = buildEditForm(renditionOf(prompt)).toJSON();
      expect(form.components).toHaveLength(5);
      for (const label of form.components as APILabelComponent[]) {
        expect(label.label.length).toBeLessThanOrEqual(45);
        expect(label.description?.length ?? 0).toBeLessThanOrEqual(100);
        const input = label.component as APITextInputComponent;
        expect(input.value?.length ?? 0).toBeLessThanOrEqual(input.max_length ?? 4000);
      }
    }),
  );

  test.each(Object.entries(prompts))(
    'open a form to remix a %s prompt that Discord takes',
    inEachLocale((_, text) => {
      const subjects = Array.from({ length: 30 }, () => subjectOf(texts.empty));
      const form = buildRemixForm({ renditionId: id, prompt: text || 'x', subjects }).toJSON();
      expect(JSON.stringify(form)).not.toContain('"label":""');
      const { component } = form.components[0] as APILabelComponent;
      expect((component as APIStringSelectComponent).options).toHaveLength(25);
    }),
  );

  test(
    'open a form that Discord takes, whatever the options said',
    inEachLocale(() => {
      const form = buildTrainForm({
        classNoun: 'x'.repeat(100),
        name: 'y'.repeat(100),
        exampleClassNouns: ['z'.repeat(200)],
      }).toJSON();
      expect(form.title.length).toBeLessThanOrEqual(45);
      expect(form.components).toHaveLength(4);
    }),
  );
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
  expect(new Set(names).size).toBe(names.length);
});
