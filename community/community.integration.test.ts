/** @file A tenth of `npm run community`: 20 people in 5 servers, 200 interactions while the engine is busy. */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingTestServices } from '#db/testing/services.ts';
import { runCrowd } from './crowd.ts';
import { awaitCalm, type Judgement, judge } from './judge.ts';
import { type CommunityStage, startCommunityStage } from './stage.ts';

const timeout = 900_000;
/** Where others use the machine, lateness is theirs: below this share of idle time, it is not judged. */
const IDLE_SHARE = 0.7;

/** @returns which share of the time the processors have nothing to do, while nothing of ours runs */
async function measureIdleShare(): Promise<number> {
  const read = () =>
    cpus().map(({ times }) => ({
      idle: times.idle,
      all: Object.values(times).reduce((a, b) => a + b),
    }));
  const before = read();
  await sleep(1000);
  const shares = read().map(({ idle, all }, index) => {
    const { idle: idleBefore = 0, all: allBefore = 0 } = before[index] ?? {};
    return (idle - idleBefore) / Math.max(1, all - allBefore);
  });
  return shares.reduce((a, b) => a + b, 0) / shares.length;
}

const missing = missingTestServices();
const title = 'a community on Redis and Postgres';
describe.skipIf(missing)(missing ? `${title} (${missing})` : title, { timeout }, () => {
  let stage: CommunityStage;
  let judgement: Judgement;
  let users = 0;
  let idleShare = 0;

  beforeAll(async () => {
    idleShare = await measureIdleShare();
    stage = await startCommunityStage({ users: 20, guilds: 5 });
    const report = await runCrowd(stage, { seed: 1, interactions: 200, atOnce: 4 });
    users = report.users.size;
    await awaitCalm(stage, 600_000);
    judgement = await judge(stage, report);
    process.stdout.write(`${judgement.text}\n`);
  }, timeout);
  afterAll(() => stage?.close(), timeout);

  it('gets one answer to each interaction, and one message of each job; all bodies are as Discord describes them', () => {
    expect(judgement.problems).toEqual([]);
  });

  it('uses every command', () => {
    const commands = judgement.unused.filter((kind) => /^(command|message command) /.test(kind));
    expect(commands).toEqual([]);
    expect(users).toBe(20);
  });

  it('gets first answers in time (skipped on a busy machine)', ({ skip }) => {
    skip(idleShare < IDLE_SHARE, `idle ${Math.round(idleShare * 100)} % of the time before`);
    expect(judgement.late).toEqual([]);
  });
});
