/** @file What must hold after a crowd has acted, and a report about it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageCommands } from '#bot/commands/index.ts';
import { menus, modals } from '#bot/components/index.ts';
import { buttonActions, formActions, selectActions } from '#bot/custom-ids.ts';
import { countOpenWork, type Tally, tallyRows } from '#db/testing/tally.ts';
import type { LogLine } from '#playground/demo/testing/spawned.ts';
import type { CrowdReport } from './crowd.ts';
import { acknowledgement, countKinds, tables } from './ledger.ts';
import { possibleCommands } from './possible.ts';
import type { CommunityStage } from './stage.ts';

/** How soon Discord must have a first answer. To be judged where nothing else runs on the machine. */
export const latencyLimits = { p99Ms: 500, maxMs: 3000 } as const;

/** Why a job may fail in a crowd that deletes, revokes and cancels. */
const EXPECTED_FAILURES = new Set([
  'failed SUBJECT_DELETED',
  'failed SUBJECT_NOT_SHARED',
  'failed SUBJECT_NOT_TRAINED',
  'failed PICTURE_GONE',
]);

/** What came of it. */
export interface Judgement {
  /** Empty where all holds. */
  readonly problems: readonly string[];
  /** First answers that came too late; for a quiet machine. */
  readonly late: readonly string[];
  /** Commands, buttons, menus and forms that nobody used. */
  readonly unused: readonly string[];
  readonly text: string;
}

/** Everything that a crowd can use, as `countKinds` names it. */
const everything = [
  ...possibleCommands.map(({ kind }) => `command ${kind}`),
  ...messageCommands.map(({ definition }) => `message command ${definition.name}`),
  ...buttonActions.map((action) => `button ${action}`),
  ...selectActions.map((action) => `menu ${action}`),
  ...menus.map(({ customId }) => `menu ${customId}`),
  ...formActions.map((action) => `form ${action}`),
  ...modals.map(({ customId }) => `form ${customId}`),
];

/** Waits until every job and message is over. @throws {Error} after the timeout */
export async function awaitCalm({ database }: CommunityStage, timeoutMs: number): Promise<void> {
  for (const end = Date.now() + timeoutMs; ; await sleep(250)) {
    const { jobs, deliveries } = await countOpenWork(database.db);
    if (jobs + deliveries === 0) return;
    if (Date.now() > end) throw new Error(`community: ${jobs} jobs, ${deliveries} messages left`);
  }
}

/** Judges; all jobs must be over. */
export async function judge(stage: CommunityStage, report: CrowdReport): Promise<Judgement> {
  const { noted } = report;
  const tally = await tallyRows(stage.database.db);
  const counts = countKinds(noted);
  const unused = everything.filter((kind) => !counts.has(kind));
  const { p99, max } = acknowledgement(noted);
  const refused = countRefusals(stage);
  const unanswered = noted.filter(({ ackMs, isPlaceGone }) => ackMs === null && !isPlaceGone);
  const unsettled = noted.filter(({ isUnsettled, isPlaceGone }) => isUnsettled && !isPlaceGone);
  const problems = [
    ...unanswered.map(({ kind }) => `${kind}: no answer`),
    ...unsettled.map(({ kind }) => `${kind}: an answer without an end`),
    ...stage.playground.violations.map(({ by, route, problems: [first] }) => {
      return `${by}, ${route}: ${first?.pointer} ${first?.message}`;
    }),
    ...[...stage.bot.logs, ...stage.worker.logs].flatMap((line) =>
      Number(line.level) >= ERROR && !isAboutDeleted(line)
        ? `log: ${JSON.stringify(line).slice(0, 600)}`
        : [],
    ),
    ...unexpectedEnds(tally),
  ];
  return {
    problems,
    late: [
      ...(p99 > latencyLimits.p99Ms ? [`p99 ${Math.round(p99)} ms`] : []),
      ...(max > latencyLimits.maxMs ? [`longest ${Math.round(max)} ms`] : []),
    ],
    unused,
    text: [
      tables(noted),
      '',
      `people who acted: ${report.users.size}`,
      `a job ran: ${Math.round(report.busyShare * 100)} % of the time`,
      `held against Discord's API file: ${stage.isValidated ? 'yes' : 'no, it is not at hand'}`,
      ...Object.entries(tally).map(([what, ends]) => `${what}: ${JSON.stringify(ends)}`),
      `in the log about what was deleted meanwhile: ${stage.bot.logs.filter(isAboutDeleted).length}`,
      `refused with a sentence: ${JSON.stringify(refused)}`,
      `never used: ${unused.join(', ') || 'nothing'}`,
    ].join('\n'),
  };
}

/** Somebody deleted a picture, a message or a thread while somebody else was about to see it. */
const isAboutDeleted = ({ err }: LogLine): boolean => {
  const { code, message = '' } = (err ?? {}) as { code?: unknown; message?: string };
  return (
    code === UNKNOWN_CHANNEL || code === UNKNOWN_MESSAGE || message.includes('is not in the store')
  );
};
const UNKNOWN_CHANNEL = 10003;
const UNKNOWN_MESSAGE = 10008;

/** Of pino: error and fatal. */
const ERROR = 50;

function countRefusals({ bot }: CommunityStage): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { msg, code } of bot.logs) {
    if (msg === 'interaction refused') counts[String(code)] = (counts[String(code)] ?? 0) + 1;
  }
  return counts;
}

function unexpectedEnds({ trainings, renditions, deliveries }: Tally): string[] {
  const failures = [...Object.keys(trainings), ...Object.keys(renditions)].filter(
    (end) => end.startsWith('failed') && !EXPECTED_FAILURES.has(end),
  );
  const undelivered = Object.keys(deliveries).filter(
    (end) => end !== 'delivered' && end !== `failed discord-${UNKNOWN_CHANNEL}`,
  );
  return [
    ...failures.map((end) => `a job ${end}`),
    ...undelivered.map((end) => `an outcome that is ${end}`),
  ];
}
