/** @file `npm run community`: a whole community on this machine; fails where anything does not hold, lateness included. */
import { parseArgs } from 'node:util';
import { runCrowd } from './crowd.ts';
import { awaitCalm, judge } from './judge.ts';
import { startCommunityStage } from './stage.ts';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '200' },
    guilds: { type: 'string', default: '5' },
    interactions: { type: 'string', default: '2000' },
    'at-once': { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});

const stage = await startCommunityStage({
  users: Number(values.users),
  guilds: Number(values.guilds),
});
try {
  const report = await runCrowd(stage, {
    seed: Number(values.seed),
    interactions: Number(values.interactions),
    atOnce: Number(values['at-once']),
  });
  await awaitCalm(stage, 1_200_000);
  const { problems, late, unserved, text } = await judge(stage, report);
  const failures = [...problems, ...late, ...unserved.map((kind) => `${kind}: never served`)];
  process.stdout.write(`${[text, '', ...failures].join('\n')}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  await stage.close();
}
