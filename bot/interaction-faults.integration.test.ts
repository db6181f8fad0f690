/** @file Each kind of interaction × whatever goes wrong while it is answered: one visible outcome each, and what it asked for is done once. */
import { type APIMessage, ComponentType } from 'discord.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listUserJobs, type UserJob } from '#db/queries/jobs.ts';
import { listLostAnswers, oweAnswer } from '#db/queries/owed-answers.ts';
import { createTrainingDraft } from '#db/queries/training-drafts.ts';
import { insertReadySubject, insertRendition, makePhoto, makeSnowflake } from '#db/testing/rows.ts';
import type { ActionOutcome, ActionSettings } from '#playground/delivery.ts';
import { findCustomId, listComponents, readText } from '#playground/message-parts.ts';
import {
  type BotStage,
  makePhotos,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
import { finishRendition } from './testing/played-worker.ts';

let stage: BotStage;
/** A message with pictures, under which everybody may ask. */
let picture: APIMessage;
let photos: { name: string; bytes: Buffer }[];
beforeAll(async () => {
  stage = await startBotStage({
    timings: {
      // Open renditions show at once, so that what is drawn is seen without a worker.
      renditionProgressMs: 0,
      // Many rows are open: look less often.
      ...{ progressMs: 400, outboxMs: 200 },
      // On a busy machine a dropped connection is back late; it is back.
      gatewayDownMs: 60_000,
    },
  });
  photos = await makePhotos(3);
  const { users, guild, channel } = stage.playground;
  const where = { userId: users.ada!.id, guildId: guild.id, channelId: channel.id };
  const rendition = await insertRendition(stage.database.db, { ...where, seed: 7 });
  await finishRendition(stage, rendition);
  picture = await stage.see('Seed 7');
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

/** How an interaction is sent. */
type How = Pick<ActionSettings, 'faults' | 'duplicate' | 'timeoutMs'>;

/** One kind of interaction, ready to be sent. */
interface Prepared {
  send(how: How): Promise<ActionOutcome>;
  /** What stood in the message whose button or menu it is. */
  readonly before?: string;
  /** The rows that it makes. */
  readonly makes?: UserJob['kind'];
}

const act = <T extends object>(user: string, action: T, how: How) =>
  ({ timeoutMs: STAGE_TIMEOUT_MS, ...action, ...how, user }) as const;
const asked = { class: 'dog', consent: true };

/** Every kind; the key is its row in the table. */
const scenarios: Record<string, (user: string) => Promise<Prepared>> = {
  'slash with files': async (user) => ({
    send: (how) => {
      const files = Object.fromEntries(photos.map((photo, i) => [`photo${i + 1}`, photo]));
      const options = { ...asked, name: 'Slash' };
      return stage.playground.command(act(user, { name: 'train', options, files }, how));
    },
    makes: 'draft',
  }),
  'context menu': async (user) => ({
    send: (how) =>
      stage.playground.command(act(user, { name: 'Image info', target: picture.id }, how)),
  }),
  button: async (user) => {
    const { guild, channel } = stage.playground;
    const { draft } = await createTrainingDraft(stage.database.db, {
      ...{ userId: stage.playground.user(user).id, guildId: guild.id, channelId: channel.id },
      ...{ interactionId: makeSnowflake(), name: 'Pressed', classNoun: 'dog' },
      settings: { seed: 1 },
      photos: [1, 2, 3].map((seed) => ({ ...makePhoto(), figures: figuresOf(seed) })),
    });
    const shown = await stage.playground.command(
      act(user, { name: 'jobs', subcommand: 'show', options: { job: draft.id } }, {}),
    );
    const question = (await settled(shown)).message!;
    const customId = findCustomId(question, 'train-start:')!;
    return {
      send: (how) => stage.playground.click(act(user, { message: question.id, customId }, how)),
      before: readText(question),
      makes: 'training',
    };
  },
  select: async (user) => {
    const userId = stage.playground.user(user).id;
    await insertReadySubject(stage.database.db, { userId, name: 'One' });
    const { subject } = await insertReadySubject(stage.database.db, { userId, name: 'Two' });
    const imagine = { name: 'imagine', options: { prompt: 'a [V]' } };
    const question = (await settled(await stage.playground.command(act(user, imagine, {}))))
      .message!;
    const menu = listComponents(question.components).find(
      ({ type }) => type === ComponentType.StringSelect,
    );
    const choice = {
      message: question.id,
      customId: String(menu?.custom_id),
      values: [subject.id],
    };
    return {
      send: (how) => stage.playground.click(act(user, choice, how)),
      before: readText(question),
      makes: 'rendition',
    };
  },
  'modal with files': async (user) => {
    await stage.playground.command(act(user, { name: 'train' }, {}));
    const values = { class: 'dog', name: 'Modal', consent: ['yes'] };
    const form = { customId: 'train', values, files: { photos } };
    return { send: (how) => stage.playground.modal(act(user, form, how)), makes: 'draft' };
  },
  autocomplete: async (user) => {
    const userId = stage.playground.user(user).id;
    await insertReadySubject(stage.database.db, { userId, name: 'Typed' });
    const typing = { name: 'subject', subcommand: 'info', focused: 'subject', value: '' };
    return { send: (how) => stage.playground.autocomplete(act(user, typing, how)) };
  },
};

const figuresOf = (seed: number) => ({
  shortSide: 640,
  sharpness: 500,
  hash: String(seed).repeat(16),
  border: Array(84).fill(seed * 60),
});

const settled = ({ interactionId }: ActionOutcome) =>
  stage.playground.outcome(interactionId, { until: 'settled', timeoutMs: STAGE_TIMEOUT_MS });

const first = '/interactions/*{token}*';
const later = '/webhooks/*{token}*';
const both = (fault: Omit<NonNullable<How['faults']>[number], 'route'>): How => ({
  faults: [first, later].map((route) => ({ ...fault, route })),
});
const expired: How = { faults: [{ kind: 'expired-token', route: later, times: 99 }] };
const refusal = { status: 404, code: 10062, message: 'Unknown interaction' };
/** Suggestions that are refused never come: as long as others take at most. */
const tooLate: How = {
  faults: [{ kind: 'refusal', route: first, times: 99, refusal }],
  timeoutMs: 20_000,
};

/** What goes wrong with the requests of one interaction; the key is its column. */
const requestFaults: Record<string, (scenario: string) => How> = {
  fine: () => ({}),
  '500 twice': () => both({ kind: '500', times: 2 }),
  'reset after body': () => both({ kind: 'reset-after-body' }),
  '429 1 s': () => both({ kind: '429', retryAfter: 1 }),
  'slow 4 s': () => both({ kind: 'slow', delayMs: 4000 }),
  'token expired': (scenario) => (scenario === 'autocomplete' ? tooLate : expired),
  'duplicate event': () => ({ duplicate: true }),
};

/** An interaction that was sent. */
interface Cell extends Prepared {
  readonly scenario: string;
  readonly column: string;
  readonly user: string;
  readonly interactionId: string;
}

async function prepare(column: string): Promise<Omit<Cell, 'interactionId'>[]> {
  return Promise.all(
    Object.entries(scenarios).map(async ([scenario, build]) => {
      const user = `${scenario}, ${column}`;
      stage.playground.createUser({ username: user });
      return { scenario, column, user, ...(await build(user)) };
    }),
  );
}

const sendAll = (cells: readonly Omit<Cell, 'interactionId'>[], how: (scenario: string) => How) =>
  Promise.all(
    cells.map(async (cell): Promise<Cell> => {
      const { interactionId } = await cell.send(how(cell.scenario));
      return { ...cell, interactionId };
    }),
  );

/** Everything that its user sees of it: `answer`, `notice` in the channel, `card` of its row there, or Discord's own word. */
async function look({ user, interactionId, before }: Cell): Promise<string[]> {
  const { playground } = stage;
  const outcome = await playground.outcome(interactionId);
  const { message, followUps } = outcome;
  const seen = followUps.map(() => 'answer');
  if (outcome.choices) seen.push('answer');
  if (message && !outcome.loading && readText(message) !== before) seen.push('answer');
  const public_ = playground.messages().map(readText);
  const mention = `<@${playground.user(user).id}>`;
  const isNotice = (text: string) => text.includes('My answer to you did not get through');
  const aboutUser = public_.filter((text) => text.includes(mention));
  seen.push(...aboutUser.filter(isNotice).map(() => 'notice'));
  if (seen.length > 0) return seen;
  const cards = aboutUser.filter((text) => !isNotice(text)).map(() => 'card');
  return cards.length > 0 || outcome.answered || !wasRefused(interactionId) ? cards : ['Discord'];
}

/** Discord took no answer: its client tells the user so. */
const wasRefused = (interactionId: string) =>
  stage.playground
    .log()
    .some(
      (entry) =>
        entry.kind === 'rest' &&
        entry.path.startsWith(`/interactions/${interactionId}/`) &&
        entry.status === 404,
    );

async function countRows({ user, makes }: Cell): Promise<number> {
  const jobs = await listUserJobs(stage.database.db, stage.playground.user(user).id);
  return jobs.filter(({ kind }) => kind === makes).length;
}

/** Waits until each has an outcome. Looking reads the whole channel: not too often. */
async function seeAll(cells: readonly Cell[]): Promise<void> {
  const end = Date.now() + STAGE_TIMEOUT_MS;
  for (let waiting = cells; waiting.length > 0; ) {
    const seen = await Promise.all(waiting.map(look));
    waiting = waiting.filter((_, i) => seen[i]?.length === 0);
    // Whoever has none then is shown as such by the table.
    if (Date.now() > end) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function printTable(cells: readonly Cell[], outcomes: readonly string[]): void {
  const columns = [...new Set(cells.map(({ column }) => column))];
  const rows = Object.keys(scenarios).map((scenario) => [
    scenario,
    ...columns.map((column) => {
      const index = cells.findIndex((cell) => cell.scenario === scenario && cell.column === column);
      return outcomes[index] ?? '';
    }),
  ]);
  const table = [['', ...columns], ['', ...columns].map(() => '---'), ...rows];
  const width = (i: number) => Math.max(...table.map((row) => row[i]?.length ?? 0));
  const lines = table.map((row) => row.map((text, i) => text.padEnd(width(i))).join(' | '));
  process.stdout.write(`\n${lines.map((line) => `| ${line} |`).join('\n')}\n`);
}

test('every interaction has one visible outcome, whatever goes wrong, and does its work once', async () => {
  const columns = await Promise.all(
    Object.entries(requestFaults).map(async ([column, how]) => ({
      cells: await prepare(column),
      how,
    })),
  );
  const cells = (await Promise.all(columns.map(({ cells, how }) => sendAll(cells, how)))).flat();
  await seeAll(cells);

  const dropped = sendAll(await prepare('gateway drop'), () => ({}));
  stage.playground.fault({ kind: 'drop-gateway' });
  cells.push(...(await dropped));
  await seeAll(cells.slice(-6));

  const restarted = await prepare('restart');
  // Photos are on their way while the bot stops.
  stage.playground.fault({ kind: 'slow', route: '/cdn/*', delayMs: 1000, times: 6 });
  cells.push(...(await sendAll(restarted, () => ({}))));
  await stage.restart();
  await seeAll(cells.slice(-6));

  // Whatever comes twice has come by now.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const outcomes = await Promise.all(cells.map(async (cell) => (await look(cell)).join(' + ')));
  printTable(cells, outcomes);
  const told = (index: number) => `${cells[index]?.scenario}, ${cells[index]?.column}`;
  const expected = cells.map(({ scenario, column }) => {
    if (column !== 'token expired') return 'answer';
    if (scenario === 'autocomplete') return 'Discord';
    // Their row's own message says it.
    return scenario === 'button' || scenario === 'select' ? 'card' : 'notice';
  });
  expect(outcomes.map((outcome, i) => [told(i), outcome])).toEqual(
    expected.map((outcome, i) => [told(i), outcome]),
  );
  const rows = await Promise.all(cells.map(countRows));
  expect(rows.map((count, i) => [told(i), count])).toEqual(
    cells.map(({ makes }, i) => [told(i), makes ? 1 : 0]),
  );
  expect(stage.fatal).toEqual([]);
}, 300_000);

test(
  'whoever waited for a process that died is told once, in the channel',
  async () => {
    const { db } = stage.database;
    const { users, guild, channel } = stage.playground;
    const userId = users.fay!.id;
    await stage.restart(() =>
      oweAnswer(db, {
        ...{ interactionId: makeSnowflake(), userId },
        ...{ guildId: guild.id, channelId: channel.id },
      }),
    );
    const notice = await stage.see(`<@${userId}> My answer to you did not get through`);
    expect(notice.mentions).toEqual([]);
    await until(async () => (await listLostAnswers(db)).length === 0, 'settled');
    await stage.restart();
    const told = stage.playground
      .messages()
      .filter((message) => readText(message).includes(userId));
    expect(told).toHaveLength(1);
  },
  STAGE_TIMEOUT_MS,
);
