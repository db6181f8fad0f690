/** @file What must hold after a crowd has acted, and a report about it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { countOpenWork, tallyRows } from '#db/testing/tally.ts';
import { listUnserved, listUnused } from './coverage.ts';
import type { CrowdReport } from './crowd.ts';
import { listUnexplainedEnds, readErrors } from './deletions.ts';
import { acknowledgement, tables } from './ledger.ts';
import { listLeaks } from './secrets.ts';
import type { CommunityStage } from './stage.ts';

/** How soon Discord must have a first answer. To be judged where nothing else runs on the machine. */
export const latencyLimits = { p99Ms: 500, maxMs: 3000 } as const;

/** What came of it. */
export interface Judgement {
  /** Empty where all holds. */
  readonly problems: readonly string[];
  /** First answers that came too late; for a quiet machine. */
  readonly late: readonly string[];
  /** Commands, buttons, menus and forms that nobody used. */
  readonly unused: readonly string[];
  /** Those that only ever refused. */
  readonly unserved: readonly string[];
  readonly text: string;
}

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
  const { explained, unexplained } = await readErrors(stage);
  const unserved = listUnserved(stage, noted);
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
    ...unexplained.map((line) => `log: ${JSON.stringify(line).slice(0, 600)}`),
    ...listLeaks(stage),
    ...(await listUnexplainedEnds(stage)),
  ];
  return {
    problems,
    late: [
      ...(p99 > latencyLimits.p99Ms ? [`p99 ${Math.round(p99)} ms`] : []),
      ...(max > latencyLimits.maxMs ? [`longest ${Math.round(max)} ms`] : []),
    ],
    unused: listUnused(noted),
    unserved,
    text: [
      tables(noted),
      '',
      `people who acted: ${report.users.size}`,
      `a job ran: ${Math.round(report.busyShare * 100)} % of the time`,
      `held against Discord's API file: ${stage.isValidated ? 'yes' : 'no, it is not at hand'}`,
      ...Object.entries(tally).map(([what, ends]) => `${what}: ${JSON.stringify(ends)}`),
      `errors in the log about what had been deleted: ${JSON.stringify(count(explained.map(({ msg }) => msg)))}`,
      `refused with a sentence: ${JSON.stringify(refused)}`,
      `never served: ${unserved.join(', ') || 'nothing'}`,
    ].join('\n'),
  };
}

function countRefusals({ bot }: CommunityStage): Record<string, number> {
  return count(bot.logs.flatMap(({ msg, code }) => (msg === 'interaction refused' ? code : [])));
}

function count(words: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[String(word)] = (counts[String(word)] ?? 0) + 1;
  return counts;
}
