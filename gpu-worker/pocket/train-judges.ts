/** @file `npm run train-judges`: trains the encoders that judge pocket's pictures, or goes on where it stopped. */
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { belowFloor } from './judges/floor.ts';
import { trainJudges } from './judges/train.ts';

const { values } = parseArgs({
  options: {
    state: { type: 'string', default: '.judges' },
    out: { type: 'string', default: 'models/judges' },
    base: { type: 'string', default: 'models/pocket' },
    subjects: { type: 'string', default: '21000' },
    steps: { type: 'string', default: '14000' },
    'floor-pictures': { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    'npm run train-judges -- [--state DIR] [--out DIR] [--base DIR] [--subjects N] [--steps N]\n' +
      '                        [--floor-pictures N] [--seed N] [--threads N]\n' +
      'Stop it at any time: the same command goes on from the state folder, or, where that is gone,\n' +
      'from the weights in the out folder. Exits 1 below the floor.',
  );
} else {
  const bar = new cliProgress.SingleBar({
    format: '{stage} [{bar}] {value}/{total} {note}',
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  });
  let current = '';
  const floor = await trainJudges({
    stateDir: values.state,
    outDir: values.out,
    baseDir: values.base,
    subjects: Number(values.subjects),
    steps: Number(values.steps),
    floorPictures: Number(values['floor-pictures']),
    seed: Number(values.seed),
    threads: Number(values.threads),
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
  console.log(JSON.stringify(floor, null, 2));
  const failures = belowFloor(floor);
  if (failures.length > 0) {
    console.error(`below the floor: ${failures.join(', ')}`);
    process.exitCode = 1;
  }
}
