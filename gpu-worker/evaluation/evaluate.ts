/** @file `npm run evaluate`: the paper's protocol on a base, or the base alone; a report and one line of JSON. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { EngineRequestError, type LoopContext } from '../dreambooth/requests.ts';
import { HubError } from '../hub/hub-error.ts';
import { endWithParent } from '../subprocess/end-with-parent.ts';
import { limitThreads } from '../tensor/runtime/session.ts';
import { measureAutoencoder } from './autoencoder.ts';
import { type EvaluatedBase, folderKey, openEvaluatedBase, renderPictures } from './base.ts';
import { askedScenes, drawScenes, scoreBase } from './base-accuracy.ts';
import { judgeClaims } from './claims.ts';
import { EvaluationError } from './evaluation-error.ts';
import { JUDGE_NAMES, type Judge } from './judge.ts';
import { ensurePaperFiles } from './paper-files.ts';
import { openPaperJudge } from './paper-judge.ts';
import { isInPart, joinParts, type PartMessage, parsePart, runParts } from './parts.ts';
import { readPicture, readPictures } from './pictures.ts';
import { openPocketJudge } from './pocket-judge.ts';
import { type Evaluation, gatherEvaluation, runVariants } from './protocol.ts';
import { writeBaseReport, writeReport } from './report/html.ts';
import type { Setting, VariantResult } from './run-variant.ts';
import { drawSubjects, photographedSubject } from './subjects.ts';
import { ABLATIONS, type Ablation, chooseVariants, PAPER_ABLATIONS } from './variants.ts';

const USAGE = `npm run evaluate -- [--base DIR] [--subjects N | --photos DIR --class NOUN] [--seed S]
                    [--judge pocket|paper] [--judge-files DIR]
                    [--ablation prior|class-noun|images|steps|method|all|settings]
                    [--only-base] [--processes N | --part K/N] [--threads N]
                    [--captions N] [--pictures N] [--class-pictures N] [--out DIR] [--json]
Exits 0 where identity, prompt and prior targets hold (with --only-base: those of the base), 1 where one
is missed, 2 where nothing could be measured.`;

const OPTIONS = {
  base: { type: 'string', default: 'models/pocket' },
  subjects: { type: 'string', default: '6' },
  photos: { type: 'string' },
  class: { type: 'string' },
  seed: { type: 'string', default: '1' },
  judge: { type: 'string', default: 'pocket' },
  'judge-files': { type: 'string' },
  ablation: { type: 'string', multiple: true, default: [] as string[] },
  'only-base': { type: 'boolean', default: false },
  captions: { type: 'string', default: '500' },
  pictures: { type: 'string', default: '4' },
  'class-pictures': { type: 'string', default: '32' },
  processes: { type: 'string' },
  part: { type: 'string' },
  threads: { type: 'string', default: '0' },
  out: { type: 'string', default: '.evaluation' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;
type Arguments = ReturnType<typeof parseArguments>;

/** Pocket's judges, where no folder is named. */
const POCKET_JUDGES = 'models/judges';
/** The paper's; what is missing there comes from the hub. */
const PAPER_JUDGES = '.rendition/paper-judges';
const HUB = 'https://huggingface.co';

function parseArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new EvaluationError(`${(error as Error).message}\n${USAGE}`);
  }
}

/** @throws {EvaluationError} when it is no whole number from `least` up */
function wholeNumber(name: string, value: string, least: number): number {
  const number = Number(value);
  if (value === '' || !Number.isInteger(number) || number < least)
    throw new EvaluationError(`--${name} ${value}: expected a whole number from ${least} up`);
  return number;
}

function ablationsOf(names: readonly string[]): Ablation[] {
  const known: readonly string[] = ABLATIONS;
  const wrong = names.find((name) => name !== 'all' && !known.includes(name));
  if (wrong !== undefined)
    throw new EvaluationError(`--ablation ${wrong}: expected ${ABLATIONS.join(', ')} or all`);
  const isOfThePaper = (name: Ablation) => (PAPER_ABLATIONS as readonly string[]).includes(name);
  return ABLATIONS.filter(
    (name) => names.includes(name) || (names.includes('all') && isOfThePaper(name)),
  );
}

async function openJudge(
  { judge, 'judge-files': dir }: Arguments,
  { signal }: LoopContext,
): Promise<Judge> {
  if (judge === 'pocket') return openPocketJudge(dir ?? POCKET_JUDGES);
  if (judge !== 'paper')
    throw new EvaluationError(`--judge ${judge}: expected ${JUDGE_NAMES.join(' or ')}`);
  const { HF_ENDPOINT: endpoint = HUB, HF_TOKEN: token } = process.env;
  let heard = '';
  const files = await ensurePaperFiles(
    dir ?? PAPER_JUDGES,
    { endpoint, token },
    { signal },
    (file, share) => {
      const text = `${file}: ${Math.floor(10 * share)}0 %`;
      if (text !== heard) console.error(text);
      heard = text;
    },
  );
  return openPaperJudge(files);
}

/** Tells the process that this one does a part for, if there is one. Resolves when it is on its way. */
const say = (message: PartMessage<VariantResult[][]>): Promise<void> =>
  new Promise((resolve) => {
    if (process.send) process.send(message, () => resolve());
    else resolve();
  });

/**
 * A bar on the error stream: the last line of the output stays JSON. A process that does a part for another one tells
 * that one instead.
 */
function startBar(): { update(share: number, note: string): void; stop(): void } {
  if (process.send) return { update: (share) => void say({ share }), stop: () => {} };
  const bar = new cliProgress.SingleBar({
    format: '[{bar}] {percentage} % {note}, {eta_formatted}',
    // Not a number before there is a pace.
    formatTime: (seconds) =>
      Number.isFinite(seconds) ? `${Math.ceil(seconds / 60)} min left` : 'a while left',
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  });
  bar.start(1000, 0, { note: '' });
  return {
    update: (share, note) => bar.update(Math.floor(1000 * share), { note }),
    stop: () => bar.stop(),
  };
}

/** Drawings that the autoencoder is measured on. */
const RECONSTRUCTED = 200;

async function measureReconstruction({ photos, seed }: Arguments, base: EvaluatedBase) {
  const drawings = await drawScenes(RECONSTRUCTED, Number(seed));
  const world = await measureAutoencoder(base, drawings);
  if (photos === undefined) return { world };
  const { photoFiles } = photographedSubject(photos, 'photo');
  return { world, photos: await measureAutoencoder(base, await readPictures(photoFiles)) };
}

async function evaluateBase(args: Arguments, base: EvaluatedBase, context: LoopContext) {
  if (args.judge !== 'pocket')
    throw new EvaluationError('--only-base: only the pocket judge reads attributes');
  const scenes = askedScenes(
    wholeNumber('captions', args.captions, 1),
    wholeNumber('seed', args.seed, 0),
  );
  const judge = await openJudge(args, context);
  const bar = startBar();
  const prompts = scenes.map(({ caption }) => caption);
  const dir = path.resolve(args.out, `base-${args.seed}-${folderKey(base, prompts)}`);
  const files = await renderPictures(
    base,
    { prompts, firstSeed: 0, dir: path.join(dir, 'pictures') },
    context,
    (done) => bar.update(done / scenes.length, 'pictures'),
  );
  const readings = [];
  for (const file of files) {
    const [seen] = await judge.see([await readPicture(file)]);
    readings.push(seen!.reading!);
  }
  await judge.close();
  bar.stop();
  const accuracy = scoreBase(scenes, readings, await measureReconstruction(args, base));
  const facts = {
    base: args.base,
    hash: base.facts.hash,
    captions: args.captions,
    seed: args.seed,
  };
  const report = await writeBaseReport(
    dir,
    { title: 'The base alone', facts },
    accuracy,
    prompts,
    files,
  );
  if (!args.json) {
    for (const [name, value] of Object.entries(accuracy.all))
      console.log(`${name}: ${(100 * value.share).toFixed(1)} % of ${value.count}`);
    for (const [name, decibels] of Object.entries(accuracy.autoencoder))
      console.log(`autoencoder, ${name}: ${decibels.toFixed(1)} dB`);
    console.log(`report: ${report}`);
  }
  const { missed } = accuracy;
  console.log(JSON.stringify({ ...facts, ...accuracy, report, passed: missed.length === 0 }));
  return missed.length === 0;
}

async function evaluateSubjects(args: Arguments, base: EvaluatedBase, context: LoopContext) {
  const seed = wholeNumber('seed', args.seed, 0);
  if ((args.photos === undefined) !== (args.class === undefined))
    throw new EvaluationError('--photos and --class go together');
  const isDrawn = args.photos === undefined && base.facts.classNouns !== undefined;
  const variants = chooseVariants(ablationsOf(args.ablation), base.facts.defaults.method, isDrawn);
  const outDir = path.resolve(args.out, `${base.facts.hash}-${args.judge}-${seed}`);
  const subjects =
    args.photos !== undefined
      ? [photographedSubject(args.photos, args.class!)]
      : await drawSubjects(wholeNumber('subjects', args.subjects, 1), seed, outDir);
  const part = args.part === undefined ? undefined : parsePart(args.part);
  // What a judge lacks is said, or fetched, before anybody is taught.
  const judge = await openJudge(args, context);
  const setting: Setting = {
    base,
    judge,
    seed,
    picturesAPrompt: wholeNumber('pictures', args.pictures, 1),
    classPictures: wholeNumber('class-pictures', args['class-pictures'], 2),
    outDir,
    context,
  };
  const bar = startBar();
  const run = (some: typeof subjects) => runVariants(setting, some, variants, bar.update);
  const results = part
    ? await run(subjects.filter(({ index }) => isInPart(part, index)))
    : ((await shareAmongProcesses(args, subjects.length, bar.update)) ?? (await run(subjects)));
  bar.stop();
  await judge.close();
  if (part) {
    await say({ result: results });
    return true;
  }
  const evaluation = gatherEvaluation(subjects, variants, results);
  const claims = judgeClaims(evaluation);
  const facts = {
    base: args.base,
    hash: base.facts.hash,
    judge: args.judge,
    subjects: String(subjects.length),
    seed: args.seed,
  };
  const report = await writeReport(
    path.join(outDir, 'report'),
    { title: 'DreamBooth by the paper’s protocol', facts },
    evaluation,
    claims,
  );
  const passed = claims.every(({ decides, holds }) => !decides || holds);
  if (!args.json) printTable(evaluation, claims, report);
  console.log(JSON.stringify({ ...facts, ...summaryOf(evaluation), claims, report, passed }));
  return passed;
}

/**
 * Lets children do the subjects, where there are cores and subjects for several.
 * @returns their results by subject; undefined where one process does all
 */
async function shareAmongProcesses(
  args: Arguments,
  subjects: number,
  onProgress: (share: number, note: string) => void,
): Promise<VariantResult[][] | undefined> {
  const cores = availableParallelism();
  const asked = args.processes === undefined ? cores : wholeNumber('processes', args.processes, 1);
  const count = Math.min(asked, subjects);
  if (count === 1) return undefined;
  const threads = String(Math.max(1, Math.floor(cores / count)));
  const parts = await runParts<VariantResult[][]>(
    fileURLToPath(import.meta.url),
    [...process.argv.slice(2), '--threads', threads],
    count,
    (share) => onProgress(share, `${count} processes`),
  );
  return joinParts(parts);
}

const summaryOf = ({ summaries, ceiling }: Evaluation) => ({
  variants: Object.fromEntries(
    summaries.map(({ variant, measures, asked, copies }) => [
      variant.id,
      { ...measures, asked, copies },
    ]),
  ),
  ceiling,
});

function printTable(
  { summaries }: Evaluation,
  claims: ReturnType<typeof judgeClaims>,
  report: string,
): void {
  for (const { variant, measures } of summaries) {
    console.log(variant.label);
    for (const [name, { mean, low, high }] of Object.entries(measures))
      console.log(`  ${name}: ${mean.toFixed(3)} (${low.toFixed(3)} … ${high.toFixed(3)})`);
  }
  for (const { text, found, holds } of claims)
    console.log(`${holds ? 'holds' : 'does not hold'}: ${text} (${found})`);
  console.log(`report: ${report}`);
}

/** @returns the exit code */
async function main(): Promise<number> {
  const args = parseArguments(process.argv.slice(2));
  if (args.help) {
    console.log(USAGE);
    return 0;
  }
  if (process.send) {
    endWithParent();
    // An open channel would keep the process when its part is done.
    process.channel?.unref();
  }
  limitThreads(wholeNumber('threads', args.threads, 0));
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new EvaluationError('stopped')));
  const context: LoopContext = {
    signal: stop.signal,
    onProgress: () => {},
    now: () => performance.now(),
  };
  const base = openEvaluatedBase(args.base);
  const run = args['only-base'] ? evaluateBase : evaluateSubjects;
  return (await run(args, base, context)) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isExplained = [EvaluationError, EngineRequestError, HubError].some(
    (known) => error instanceof known,
  );
  if (!isExplained) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
