/** @file `npm run demo`: starts playground, bot and worker in this process, lets a user train and imagine, and shows it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { createLogger } from '#db/logger.ts';
import { type DemoArguments, readArguments, UsageError, usage } from './demo/arguments.ts';
import { openOutput } from './demo/output.ts';
import { type DemoPhoto, loadPhotos } from './demo/photos.ts';
import { describeFigures, runDemo } from './demo/run-demo.ts';
import { startEmbedded } from './demo/start-embedded.ts';
import { startPlayground } from './server.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${line}\n`);

/** Ends like a shell does after Ctrl+C. */
const INTERRUPTED = 130;
const SAME_KEYPRESS_MS = 1000;

/** Somebody pressed Ctrl+C. */
class Interrupted extends Error {}

process.exitCode = await main(process.argv.slice(2));
process.exit();

async function main(words: readonly string[]): Promise<number> {
  let demo: DemoArguments | undefined;
  let photos: readonly DemoPhoto[];
  try {
    demo = await readArguments(words, callersFolder());
    if (!demo) {
      print(usage);
      return 0;
    }
    photos = await loadPhotos(demo.photosDir, demo.classNoun);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(`${error.message}\n\n${usage}`);
    return 2;
  }
  return await show(demo, photos);
}

async function show(demo: DemoArguments, photos: readonly DemoPhoto[]): Promise<number> {
  const startedAt = performance.now();
  openOutput(demo.outDir);
  const logFile = path.join(demo.outDir, 'demo.log');
  const logger = createLogger({ level: 'warn' }, pino.destination({ dest: logFile, sync: true }));
  const scratchDir = mkdtempSync(path.join(tmpdir(), 'rendition-demo-'));
  const ending = new AbortController();
  const interrupted = new Promise<never>((_resolve, reject) => {
    ending.signal.addEventListener('abort', () => reject(ending.signal.reason), { once: true });
  });
  interrupted.catch(() => undefined);
  let interruptedAt: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // A terminal and a wrapper may both pass on one keypress; a later one does not wait.
      const since = performance.now() - (interruptedAt ?? performance.now());
      interruptedAt ??= performance.now();
      if (since > SAME_KEYPRESS_MS) process.exit(INTERRUPTED);
      ending.abort(new Interrupted());
    });
  }
  // Children end with this process by themselves; decrypted pictures must not stay, however it ends.
  process.once('exit', () => rmSync(scratchDir, { recursive: true, force: true, maxRetries: 3 }));
  const closers: (() => unknown)[] = [];
  const run = async () => {
    const playground = await startPlayground();
    closers.push(() => playground.close());
    print('Starting bot, worker and database in this process');
    const starting = startEmbedded({
      dataDir: path.join(scratchDir, 'data'),
      baseCheckpointDir: demo.baseDir,
      discord: {
        token: playground.application.token,
        applicationId: playground.application.id,
        apiUrl: playground.urls.api,
      },
      attachmentOrigin: new URL(playground.urls.cdn).origin,
      trainSettings: {
        seed: demo.seed,
        ...(demo.steps !== undefined && { maxTrainSteps: demo.steps }),
        ...(demo.method !== undefined && { method: demo.method }),
        // The demo draws the class itself, before and after, with the same seeds.
        numClassSamples: 0,
      },
      timings: { outboxMs: 250, progressMs: 500 },
      acknowledgeNoOutputClassifier: process.env.ACKNOWLEDGE_NO_OUTPUT_CLASSIFIER === 'true',
      logger,
      onFatal: (reason) => ending.abort(new Error(`The bot lost its Discord: ${reason}`)),
    });
    closers.push(() => starting.then(({ close }) => close()).catch(() => undefined));
    const embedded = await starting;
    return runDemo(demo, {
      ...{ playground, embedded, photos, scratchDir, startedAt, print },
      signal: ending.signal,
    });
  };
  try {
    const figures = await Promise.race([run(), interrupted]);
    for (const line of ['', ...describeFigures(figures)]) print(line);
    print(`Pictures, transcript and sheet.png: ${demo.outDir}`);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    logger.error({ err: error }, 'demo failed');
    complain(`\n${(error as Error).message}\nMore about it: ${logFile}`);
    return 1;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** npm starts its scripts in the repository, wherever it was called. */
function callersFolder(): string {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
  return script === 'demo' && folder ? folder : process.cwd();
}
