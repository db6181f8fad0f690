/**
 * @file `npm run bench -- train|sample|load|adapter-switch …` times one kind of work and ends with one
 * JSON line; `npm run bench` alone compares with torch.
 */
import { parseArgs } from 'node:util';
import { compareWithTorch } from './compare.ts';
import { type BenchOptions, WORK } from './work.ts';

const USAGE =
  'npm run bench -- [train|sample|load|adapter-switch] [--checkpoint DIR] [--method full|lora] [--batch N]\n' +
  '                 [--resolution PX] [--steps N] [--gradient-checkpointing]\n' +
  '                 [--provider cpu|webgpu|cuda] [--graph-cache DIR] [--json]\n' +
  'Without a kind of work: ours beside torch, for which torch, peft and diffusers must be on PYTHONPATH.';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checkpoint: { type: 'string', default: 'models/pocket' },
    method: { type: 'string', default: 'full' },
    batch: { type: 'string', default: '8' },
    resolution: { type: 'string' },
    'gradient-checkpointing': { type: 'boolean', default: false },
    steps: { type: 'string', default: '10' },
    provider: { type: 'string', default: 'cpu' },
    'graph-cache': { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [name] = positionals;
const work = WORK[name as keyof typeof WORK];
if (values.help || (name !== undefined && !work)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
try {
  if (work) await time(work);
  else await compareWithTorch(Number(values.steps), (line) => console.log(line));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
process.exit(0);

async function time(prepare: NonNullable<typeof work>): Promise<void> {
  const startedAt = performance.now();
  const { nodes, runOnce } = await prepare({
    checkpointDir: values.checkpoint,
    method: values.method as BenchOptions['method'],
    batch: Number(values.batch),
    gradientCheckpointing: values['gradient-checkpointing'],
    resolution: values.resolution === undefined ? undefined : Number(values.resolution),
    provider: values.provider as BenchOptions['provider'],
    graphCacheDir: values['graph-cache'],
  });
  await runOnce();
  const createMs = performance.now() - startedAt;
  const times: number[] = [];
  for (let i = 0; i < Number(values.steps); i++) {
    const before = performance.now();
    await runOnce();
    times.push(performance.now() - before);
    if (!values.json)
      console.log(`${name} ${i + 1}/${values.steps}: ${times.at(-1)!.toFixed(1)} ms`);
  }
  times.sort((a, b) => a - b);
  const rounded = (ms: number) => Math.round(ms * 10) / 10;
  console.log(
    JSON.stringify({
      medianMs: rounded(times[Math.floor(times.length / 2)]!),
      bestMs: rounded(times[0]!),
      peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
      createMs: rounded(createMs),
      nodes,
    }),
  );
}
