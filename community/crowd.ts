/** @file The crowd: people who do what can be done, least used first, several at a time, until so many interactions are over. */
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { countOpenWork, countReadySubjects } from '#db/testing/tally.ts';
import type { ActionOutcome, ActionSettings } from '#playground/delivery.ts';
import type { FileInput } from '#playground/resolved.ts';
import type { MessageRecord, UserRecord } from '#playground/world.ts';
import { fillForm, fillMenu, fillOptions, type Person } from './fill.ts';
import type { InteractionSort, Noted } from './ledger.ts';
import {
  listPossibleClicks,
  type Possible,
  type PossibleClick,
  type PossibleCommand,
  type PossibleMessageCommand,
  possibleCommands,
} from './possible.ts';
import { type Chooser, createChooser } from './random.ts';
import type { CommunityStage, Neighbourhood } from './stage.ts';

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
  publish: 3,
  vote: 2,
  'train-discard': 0.3,
  'train-replace': 0.5,
  cancel: 0.3,
  'cancel-rendition': 0.3,
  delete: 0.3,
  'delete-pictures-now': 0.5,
  '/subject delete': 0.5,
  '/jobs cancel': 0.3,
};
const weightOf = (kind: string) => weights[kind] ?? (kind.startsWith('/config') ? 0.5 : 1);

/** One in so many people teaches the bot something. */
const TEACHERS = 5;
const BY_FRESH = 0.5;
const BY_TEACHER = 0.75;
const BY_OWNER = 0.8;
const DIRECTLY = 0.1;
/** Between two interactions of a person, in the mean. */
const THINK_MS = 300;
/** A busy machine takes its time. */
const CALLBACK_MS = 30_000;
const SETTLED_MS = 240_000;
const READY_MS = 400_000;
/** So many subjects can be drawn before the crowd begins. */
const READY = 2;

/** Somebody in a server. */
interface Neighbour {
  readonly user: UserRecord;
  readonly neighbourhood: Neighbourhood;
}

/** Lets the crowd act. */
export async function runCrowd(stage: CommunityStage, options: CrowdOptions): Promise<CrowdReport> {
  const { playground, neighbourhoods, database } = stage;
  const { seed, interactions, atOnce } = options;
  const noted: Noted[] = [];
  const users = new Set<string>();
  const uses = new Map<string, number>();
  const pictures = await makePictures();
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
    noted.push({ sort, kind, ackMs, isUnsettled: last.loading, isPlaceGone });
    return last;
  }

  const personAt = (choose: Chooser, neighbourhood: Neighbourhood, isDirect: boolean): Person => ({
    choose,
    neighbourhood,
    isDirect,
    pictures,
    freshName: () => `Rex ${++names}`,
  });

  /** @returns the last answer: the command's, or that of the form that it opened */
  async function runCommand(
    choose: Chooser,
    command: PossibleCommand,
    { user, neighbourhood }: Neighbour,
  ): Promise<ActionOutcome> {
    const isDirect = command.worksDirectly && choose.chance(DIRECTLY);
    const place = isDirect
      ? { user: user.id, dm: true }
      : { user: user.id, channel: choose.pick(neighbourhood.channels).id };
    users.add(user.id);
    const { name, subcommand, kind } = command;
    const called = { ...place, name, ...(subcommand === undefined ? {} : { subcommand }) };
    const person = personAt(choose, neighbourhood, isDirect);
    const filled = await fillOptions(person, command.options, async (focused) => {
      const value = choose.chance(0.8) ? '' : 're';
      const typed = await act('autocomplete', `${kind} ${focused}`, (settings) =>
        playground.autocomplete({ ...called, focused, value, ...settings }),
      );
      return (typed.choices ?? []).map((choice) => choice.value);
    });
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
    await sendForm(person, user, outcome);
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
    await sendForm(personAt(choose, neighbourhood, false), user, outcome);
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
      moderators: { channel: named('moderators') },
      gallery: { channel: named('forum') },
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
    const { message } = await runCommand(choose, command, teacher);
    const start = listPossibleClicks(playground.world).find(
      (possible) => possible.kind === 'train-start' && possible.message.id === message?.id,
    );
    if (start?.sort === 'button') await click(choose, start);
  }

  async function takeTurn(): Promise<void> {
    const choose = createChooser(seed, turns++);
    const all: Possible[] = [...possibleCommands, ...listPossibleClicks(playground.world)];
    const byKind = new Map<string, Possible[]>();
    for (const possible of all) {
      const key = `${possible.sort} ${possible.kind}`;
      byKind.set(key, [...(byKind.get(key) ?? []), possible]);
    }
    const [key = '', some = []] = leastUsed(choose, byKind, uses);
    uses.set(key, (uses.get(key) ?? 0) + 1);
    const possible = choose.pick(some);
    if (possible.sort === 'command') {
      const isManaging = possible.needsManager;
      const who = isManaging ? managerOf(neighbourhoods) : somebody(neighbourhoods, choose, users);
      await runCommand(choose, possible, who);
    }
    if (possible.sort === 'message command') await useMenu(choose, possible);
    if (possible.sort === 'button' || possible.sort === 'menu') await click(choose, possible);
  }

  await inParallel(atOnce, neighbourhoods, open);
  // Somebody must have taught the bot something before there is anything to draw; the rest is learned meanwhile.
  const teachers = neighbourhoods.flatMap((place) =>
    teachersOf(place).map((user) => ({ user, neighbourhood: place })),
  );
  await inParallel(atOnce, teachers, teach);
  const end = Date.now() + READY_MS;
  while ((await countReadySubjects(database.db)) < READY) {
    if (Date.now() > end) throw new Error('community: nothing was learned in time');
    await sleep(100);
  }

  const busy = watchBusy(stage);
  let busyShare = 0;
  const takeTurns = async () => {
    while (begun < interactions) {
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

/** Of all kinds that are possible now, the one that was used least for its weight. */
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

/** Settings are changed in the last server alone, so that they close no other. */
function managerOf(neighbourhoods: readonly Neighbourhood[]): Neighbour {
  const neighbourhood = neighbourhoods.at(-1)!;
  return { user: neighbourhood.owner, neighbourhood };
}

const teachersOf = ({ people }: Neighbourhood) =>
  people.filter((_, index) => index % TEACHERS === 0);

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

/** Whoever has not acted yet, as long as there is somebody; else a teacher mostly. */
function somebody(
  neighbourhoods: readonly Neighbourhood[],
  choose: Chooser,
  acted: ReadonlySet<string>,
): Neighbour {
  const all = neighbourhoods.flatMap((place) =>
    place.people.map((user) => ({ user, neighbourhood: place })),
  );
  const fresh = all.find(({ user }) => !acted.has(user.id));
  if (fresh && choose.chance(BY_FRESH)) return fresh;
  if (!choose.chance(BY_TEACHER)) return choose.pick(all);
  const neighbourhood = choose.pick(neighbourhoods);
  return { user: choose.pick(teachersOf(neighbourhood)), neighbourhood };
}

/** Whoever sees a message: the one whom it is about mostly, else somebody in its channel. */
function somebodyNear(
  { playground, neighbourhoods }: CommunityStage,
  choose: Chooser,
  message: MessageRecord,
) {
  const channel = playground.world.channels.get(message.channelId);
  const near = neighbourhoods.find(({ guild }) => guild.id === channel?.guildId);
  const about = message.visibleTo ?? channel?.recipientId ?? firstMention(message);
  const neighbourhood = near ?? neighbourhoods[0]!;
  const isPrivate = message.visibleTo !== null || !near;
  const user =
    about !== undefined && (isPrivate || choose.chance(BY_OWNER))
      ? playground.user(about)
      : choose.pick(neighbourhood.people);
  return { user, neighbourhood };
}

const firstMention = ({ content, components }: MessageRecord): string | undefined =>
  /<@(\d+)>/.exec(`${content} ${JSON.stringify(components)}`)?.[1];

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
