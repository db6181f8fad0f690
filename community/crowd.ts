/** @file The crowd: people who do what can be done, least used first, several at a time, until so many interactions are over. */
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { countOpenWork, countReadySubjects } from '#db/testing/tally.ts';
import type { ActionOutcome, ActionSettings } from '#playground/delivery.ts';
import type { FileInput } from '#playground/resolved.ts';
import type { UserRecord } from '#playground/world.ts';
import { listUnserved, watchServed } from './coverage.ts';
import { fillForm, fillMenu, fillOptions, type Person } from './fill.ts';
import type { InteractionSort, Noted } from './ledger.ts';
import {
  isAboutStrangers,
  managerOf,
  type Neighbour,
  somebody,
  somebodyNear,
  teachersOf,
} from './people.ts';
import {
  listPossibleClicks,
  type Possible,
  type PossibleClick,
  type PossibleCommand,
  type PossibleMessageCommand,
  possibleCommands,
} from './possible.ts';
import { type Chooser, createChooser } from './random.ts';
import { type CommunityStage, FORUM, MODERATORS, type Neighbourhood } from './stage.ts';

/** How large a crowd, and how it chooses. */
export interface CrowdOptions {
  readonly seed: number;
  readonly interactions: number;
  /** How many people act at the same time. */
  readonly atOnce: number;
}

/** What the crowd did. */
export interface CrowdReport {
  readonly noted: readonly Noted[];
  /** Who acted, by id. */
  readonly users: ReadonlySet<string>;
  /** Of the time that the crowd acted, the share in which a job ran. */
  readonly busyShare: number;
}

/** What people do more or less often than the rest, which counts 1. */
const weights: Readonly<Record<string, number>> = {
  '/imagine': 6,
  '/train': 2,
  'train-start': 6,
  publish: 5,
  vote: 2,
  deny: 0.3,
  unpublish: 0.5,
  '/subject share': 3,
  '/subject revoke': 0.5,
  'train-discard': 0.3,
  'train-replace': 2,
  cancel: 0.3,
  'cancel-rendition': 0.3,
  delete: 0.3,
  'delete-pictures-now': 0.5,
  '/subject delete': 0.5,
  '/jobs cancel': 0.3,
};
/** What was refused counts as so much of a use: whoever is refused tries something else, and comes back. */
const REFUSED = 0.3;
const weightOf = (kind: string) => weights[kind] ?? (kind.startsWith('/config') ? 0.5 : 1);

/** How often a command that works in direct messages is used there. */
const DIRECTLY = 0.1;
/** A teacher may leave out what must be said. */
const TRIES = 10;
/** How often somebody sends a command although nothing is suggested to choose. */
const INSISTING = 0.2;
/** Commands that make pictures. */
const draws = /^\/(imagine|preset)/;
/** The crowd goes on until everything has served somebody, at most so many times as long. */
const LONGER = 1.5;
/** Where somebody finds nothing to choose, so many others try. */
const ASKED = 4;
/** Between two interactions of a person, in the mean. */
const THINK_MS = 300;
/** A busy machine takes its time. */
const CALLBACK_MS = 30_000;
const SETTLED_MS = 240_000;
const READY_MS = 400_000;
/** So many subjects of one person can be drawn before the crowd begins: more than one, so that prompts are ambiguous. */
const READY = 2;

/** Lets the crowd act. */
export async function runCrowd(stage: CommunityStage, options: CrowdOptions): Promise<CrowdReport> {
  const { playground, neighbourhoods, database } = stage;
  const { seed, interactions, atOnce } = options;
  const noted: Noted[] = [];
  const users = new Set<string>();
  const uses = new Map<string, number>();
  /** Commands that somebody has sent. */
  const sent = new Set<string>();
  /** Those who drew pictures. */
  const makers: Neighbour[] = [];
  /** Answers under which somebody presses a button just now. */
  const inHand = new Set<string>();
  const pictures = await makePictures();
  const isServed = watchServed(stage);
  let begun = 0;
  let names = 0;
  let turns = 0;

  /** Sends one interaction and waits until it is over. */
  async function act(
    sort: InteractionSort,
    kind: string,
    send: (settings: Pick<ActionSettings, 'until' | 'timeoutMs'>) => Promise<ActionOutcome>,
  ): Promise<ActionOutcome> {
    begun += 1;
    const startedAt = performance.now();
    const first = await send({ until: 'callback', timeoutMs: CALLBACK_MS });
    const ackMs = first.answered ? performance.now() - startedAt : null;
    const isSettledByItself = sort === 'autocomplete' || first.modal !== null || !first.answered;
    const last = isSettledByItself
      ? first
      : await playground.outcome(first.interactionId, { until: 'settled', timeoutMs: SETTLED_MS });
    const channelId = playground.world.interactions.get(first.interactionId)?.channelId ?? '';
    const isPlaceGone = !playground.world.channels.has(channelId);
    const { interactionId } = first;
    noted.push({ interactionId, sort, kind, ackMs, isUnsettled: last.loading, isPlaceGone });
    return last;
  }

  const personAt = (choose: Chooser, neighbourhood: Neighbourhood, isDirect: boolean): Person => ({
    choose,
    neighbourhood,
    isDirect,
    pictures,
    insists: choose.chance(INSISTING),
    freshName: () => `Rex ${++names}`,
  });

  /** @returns the last answer: the command's, or that of the form that it opened; undefined where they gave up */
  async function runCommand(
    choose: Chooser,
    command: PossibleCommand,
    { user, neighbourhood }: Neighbour,
  ): Promise<ActionOutcome | undefined> {
    const isDirect = command.worksDirectly && choose.chance(DIRECTLY);
    const place = isDirect
      ? { user: user.id, dm: true }
      : { user: user.id, channel: choose.pick(neighbourhood.channels).id };
    users.add(user.id);
    const { name, subcommand, kind } = command;
    const called = { ...place, name, ...(subcommand === undefined ? {} : { subcommand }) };
    const anyone = personAt(choose, neighbourhood, isDirect);
    const person = { ...anyone, insists: anyone.insists || !sent.has(kind) };
    const filled = await fillOptions(person, command, async (focused) => {
      const value = choose.chance(0.8) ? '' : 're';
      const typed = await act('autocomplete', `${kind} ${focused}`, (settings) =>
        playground.autocomplete({ ...called, focused, value, ...settings }),
      );
      return (typed.choices ?? []).map((choice) => choice.value);
    });
    if (!filled) return undefined;
    sent.add(kind);
    const outcome = await act('command', kind, (settings) =>
      playground.command({ ...called, ...filled, ...settings }),
    );
    return sendForm(person, user, outcome);
  }

  async function click(choose: Chooser, { sort, kind, message, component }: PossibleClick) {
    const { user, neighbourhood } = somebodyNear(stage, choose, message);
    const person = personAt(choose, neighbourhood, false);
    users.add(user.id);
    const outcome = await act(sort, kind, (settings) =>
      playground.click({
        user: user.id,
        message: message.id,
        customId: String(component.custom_id),
        ...(sort === 'menu' ? { values: fillMenu(person, component) } : {}),
        ...settings,
      }),
    );
    return sendForm(person, user, outcome);
  }

  async function useMenu(choose: Chooser, { sort, kind, message }: PossibleMessageCommand) {
    const { user, neighbourhood } = somebodyNear(stage, choose, message);
    users.add(user.id);
    const outcome = await act(sort, kind, (settings) =>
      playground.command({
        ...{ user: user.id, channel: message.channelId, name: kind, target: message.id },
        ...settings,
      }),
    );
    return sendForm(personAt(choose, neighbourhood, false), user, outcome);
  }

  /** Fills in the form that an interaction opened, if it did. @returns the form's answer, else the first */
  async function sendForm(
    person: Person,
    user: UserRecord,
    opened: ActionOutcome,
  ): Promise<ActionOutcome> {
    const { modal, interactionId } = opened;
    if (!modal) return opened;
    const customId = String(modal.custom_id);
    return act('form', customId.split(':')[0] ?? '', (settings) =>
      playground.modal({
        ...{ user: user.id, customId, interaction: interactionId },
        ...fillForm(person, modal),
        ...settings,
      }),
    );
  }

  /** An owner opens a server: with a gallery in its forum, a channel for reports, and a hall of fame. */
  async function open({ guild, owner, channels }: Neighbourhood): Promise<void> {
    const named = (name: string) =>
      [...playground.world.channels.values()].find(
        (channel) => channel.guildId === guild.id && channel.name === name,
      )?.id ?? '';
    const settings = {
      moderators: { channel: named(MODERATORS) },
      gallery: { channel: named(FORUM) },
      'hall-of-fame': { votes: 1 },
    };
    for (const [subcommand, given] of Object.entries(settings)) {
      await act('command', `/config ${subcommand}`, (until) =>
        playground.command({
          ...{ user: owner.id, channel: channels[0]!.id, name: 'config', subcommand },
          ...{ options: given, ...until },
        }),
      );
    }
  }

  /** A teacher trains, from the command to Start. */
  async function teach(teacher: Neighbour): Promise<void> {
    const choose = createChooser(seed, turns++);
    const command = possibleCommands.find(({ kind }) => kind === '/train');
    if (!command) throw new Error('community: there is no /train');
    for (let tried = 0; tried < TRIES; tried += 1) {
      const { message } = (await runCommand(choose, command, teacher)) ?? {};
      const start = listPossibleClicks(playground.world).find(
        (possible) => possible.kind === 'train-start' && possible.message.id === message?.id,
      );
      if (start?.sort === 'button') return void (await click(choose, start));
    }
    throw new Error('community: a teacher cannot teach');
  }

  async function takeTurn(): Promise<void> {
    const choose = createChooser(seed, turns++);
    const clicks = listPossibleClicks(playground.world).filter(
      ({ message }) => !inHand.has(message.id) && !isAboutStrangers(stage, message),
    );
    const all: Possible[] = [...possibleCommands, ...clicks];
    const byKind = new Map<string, Possible[]>();
    for (const possible of all) {
      const key = `${possible.sort} ${possible.kind}`;
      byKind.set(key, [...(byKind.get(key) ?? []), possible]);
    }
    const [key = '', some = []] = leastUsed(choose, byKind, uses);
    const count = (share: number) => uses.set(key, (uses.get(key) ?? 0) + share);
    const hasServed = (uses.get(key) ?? 0) >= 1;
    const refused = hasServed ? REFUSED : REFUSED / 3;
    count(refused);
    const possible = choose.pick(some);
    // Nobody presses two buttons of an answer at once.
    const own =
      'message' in possible && possible.message.visibleTo !== null ? possible.message.id : '';
    inHand.add(own);
    const outcome = await take(choose, possible);
    inHand.delete(own);
    if (outcome && isServed(outcome.interactionId)) count(1 - refused);
  }

  /** @returns the last answer; undefined where nobody knows what to choose */
  async function take(choose: Chooser, possible: Possible): Promise<ActionOutcome | undefined> {
    if (possible.sort === 'command') {
      if (possible.needsManager) return runCommand(choose, possible, managerOf(neighbourhoods));
      let outcome: ActionOutcome | undefined;
      for (let asked = 0; asked < ASKED && !outcome; asked += 1) {
        // Whoever drew pictures finds them where others find nothing.
        const maker = asked > 0 && makers.length > 0 ? choose.pick(makers) : undefined;
        const who = maker ?? somebody(neighbourhoods, choose, users);
        outcome = await runCommand(choose, possible, who);
        if (outcome && isServed(outcome.interactionId) && draws.test(possible.kind))
          makers.push(who);
      }
      return outcome;
    }
    return possible.sort === 'message command'
      ? useMenu(choose, possible)
      : click(choose, possible);
  }

  /** Somebody with several subjects does not say which. */
  async function wonder({ user, neighbourhood }: Neighbour): Promise<void> {
    users.add(user.id);
    const place = { user: user.id, channel: neighbourhood.channels[0]!.id };
    const options = { prompt: 'a [V] in snow' };
    await act('command', '/imagine', (settings) =>
      playground.command({ ...place, name: 'imagine', options, ...settings }),
    );
  }

  await inParallel(atOnce, neighbourhoods, open);
  // Somebody must have taught the bot something before there is anything to draw; the rest is learned meanwhile.
  const [first, ...teachers] = neighbourhoods.flatMap((place) =>
    teachersOf(place).map((user) => ({ user, neighbourhood: place })),
  );
  if (!first) throw new Error('community: nobody teaches');
  for (let taught = 0; taught < READY; taught += 1) await teach(first);
  const end = Date.now() + READY_MS;
  while ((await countReadySubjects(database.db)) < READY) {
    if (Date.now() > end) throw new Error('community: nothing was learned in time');
    await sleep(100);
  }
  await wonder(first);
  await inParallel(atOnce, teachers, teach);

  const busy = watchBusy(stage);
  const most = interactions * LONGER;
  let busyShare = 0;
  const takeTurns = async () => {
    while (begun < interactions || (begun < most && listUnserved(stage, noted).length > 0)) {
      await takeTurn();
      await sleep(createChooser(seed, turns).integer(0, 2 * THINK_MS));
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, takeTurns));
  } finally {
    busyShare = await busy.stop();
  }
  return { noted, users, busyShare };
}

/** Of all kinds that are possible now, the one that served least for its weight. */
function leastUsed(
  choose: Chooser,
  byKind: ReadonlyMap<string, Possible[]>,
  uses: ReadonlyMap<string, number>,
): [string, Possible[]] | [] {
  const scored = [...byKind].map(([key, some]) => {
    const weight = weightOf(some[0]?.kind ?? '');
    return { key, some, score: ((uses.get(key) ?? 0) + choose.next()) / weight };
  });
  const [first] = scored.sort((a, b) => a.score - b.score);
  return first ? [first.key, first.some] : [];
}

/** Does the work for each item, so many at a time. */
async function inParallel<T>(
  atOnce: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Looks whether a job runs, twice a second. */
function watchBusy({ database }: CommunityStage) {
  let looks = 0;
  let busy = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      if ((await countOpenWork(database.db)).running > 0) busy += 1;
      looks += 1;
      await sleep(500);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await watching;
      return looks === 0 ? 0 : busy / looks;
    },
  };
}

/** Pictures that differ: plain ones, and some that no check objects to. */
async function makePictures(): Promise<FileInput[]> {
  return Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const size = index % 2 === 0 ? 96 : 600;
      const background = { r: (index * 67) % 256, g: (index * 131) % 256, b: (index * 29) % 256 };
      const noise = { type: 'gaussian', mean: 60 + index * 20, sigma: 60 } as const;
      const create = { width: size, height: size, channels: 3 as const, background, noise };
      return { name: `${index}.png`, bytes: await sharp({ create }).png().toBuffer() };
    }),
  );
}
