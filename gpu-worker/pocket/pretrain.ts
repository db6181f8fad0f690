/** @file `npm run pretrain`: trains pocket from nothing, or goes on where an earlier run stopped. */
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { pretrain } from './pretraining/stages.ts';

const { values } = parseArgs({
  options: {
    state: { type: 'string', default: '.pretrain' },
    out: { type: 'string', default: 'models/pocket' },
    pictures: { type: 'string', default: '100000' },
    'vae-steps': { type: 'string', default: '7200' },
    'decoder-steps': { type: 'string', default: '6000' },
    'text-steps': { type: 'string', default: '1000' },
    steps: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '0' },
    processes: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    'npm run pretrain -- [--state DIR] [--out DIR] [--pictures N] [--vae-steps N] [--decoder-steps N]\n' +
      '                    [--text-steps N] [--steps N] [--seed N] [--threads N] [--processes N]\n' +
      'With several processes a step of the UNet sees a batch in each of them.\n' +
      'Stop it at any time: the same command goes on from the state folder, or, where that is gone,\n' +
      'from the weights in the out folder.',
  );
} else {
  const bar = new cliProgress.SingleBar({
    format: '{stage} [{bar}] {value}/{total} {note}',
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  });
  let current = '';
  await pretrain({
    stateDir: values.state,
    outDir: values.out,
    pictures: Number(values.pictures),
    vaeSteps: Number(values['vae-steps']),
    decoderSteps: Number(values['decoder-steps']),
    textSteps: Number(values['text-steps']),
    steps: Number(values.steps),
    seed: Number(values.seed),
    threads: Number(values.threads),
    processes: Number(values.processes),
    now: () => performance.now(),
    onProgress: (stage, done, total, note) => {
      if (stage !== current) {
        if (current !== '') bar.stop();
        bar.start(total, done, { stage, note });
        current = stage;
      } else bar.update(done, { stage, note });
    },
  });
  bar.stop();
}
