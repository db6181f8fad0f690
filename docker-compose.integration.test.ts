/**
 * @file Runs what the Dockerfiles run, in an empty folder in place of the image, as far as that goes without Docker.
 * Commands that need the image are listed as skipped, each with its reason.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Instruction, parseDockerfile, readCopy } from './dockerfile.ts';

const root = import.meta.dirname;

/** Why a RUN is not run here. Each must match a command, so a stale line fails the test. */
const needsTheImage: { image: string; command: string; reason: string }[] = [
  {
    image: 'bot',
    command: 'install -d -o 1000 -g 1000 /data/files /data/hub',
    reason: 'makes folders outside of /app for a user of the image',
  },
  {
    image: 'gpu-worker',
    command: 'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
    reason: 'puts npm beside the copied Node of the image',
  },
  {
    image: 'gpu-worker',
    command: 'ONNXRUNTIME_NODE_INSTALL=true node ./script/install',
    reason: 'downloads CUDA libraries of 1 GB from a host that tests do not reach',
  },
  {
    image: 'gpu-worker',
    command: 'install -d -o 1000 -g 1000 /data/files /data/hub /data/work',
    reason: 'makes folders outside of /app for a user of the image',
  },
];

/** An install takes 20 s; beside a training on the same two cores, minutes. */
const COMMAND_MS = 540_000;
/** Where a command ran, by the command and the files it ran on: the same install is not done twice. */
const done = new Map<string, string>();

type Outcome = { code: number; output: string };

function run(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, env, timeout: COMMAND_MS, maxBuffer: 2 ** 24 };
    execFile('sh', ['-c', command], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, output: `${stdout}\n${stderr}` });
    });
  });
}

/** The last stage: what earlier ones make is only copied from them. */
function lastStage(image: string): Instruction[] {
  const all = parseDockerfile(readFileSync(path.join(root, image, 'Dockerfile'), 'utf8'));
  return all.slice(all.findLastIndex(({ name }) => name === 'FROM') + 1);
}

const images = mkdtempSync(path.join(tmpdir(), 'rendition-images-'));
afterAll(() => rmSync(images, { recursive: true, force: true }));

describe.each(['bot', 'gpu-worker'])('the image of %s', (image) => {
  const imageRoot = path.join(images, image);
  const inImage = (cwd: string, target: string): string =>
    path.join(imageRoot, path.posix.resolve(cwd, target));
  const skipped = needsTheImage.filter((entry) => entry.image === image);
  for (const { command, reason } of skipped) test.skip(`RUN ${command} (${reason})`, () => {});

  test('the rest of its commands succeed, and its process starts as far as the config', {
    timeout: 600_000,
  }, async () => {
    const { NODE_ENV: _, VITEST: __, ...environment } = process.env;
    const ran: string[] = [];
    const left: string[] = [];
    const files: string[] = [];
    let cwd = '/';
    let start: string[] = [];
    for (const instruction of lastStage(image)) {
      const { name, text } = instruction;
      const copy = readCopy(instruction);
      if (name === 'WORKDIR') {
        cwd = path.posix.resolve(cwd, text);
        mkdirSync(inImage(cwd, '.'), { recursive: true });
      } else if (copy) {
        const isFolder = copy.target.endsWith('/');
        for (const source of copy.sources) {
          const target = isFolder ? path.join(copy.target, path.basename(source)) : copy.target;
          files.push(path.posix.join(cwd, target));
          cpSync(path.join(root, source), inImage(cwd, target), {
            recursive: true,
            filter: (from) =>
              !/\.test\.ts$|\/testing(\/|$)|node_modules|Dockerfile$|\.env/.test(
                from.slice(root.length),
              ),
          });
        }
      } else if (name === 'RUN') {
        if (skipped.some(({ command }) => command === text)) {
          left.push(text);
        } else {
          const key = JSON.stringify([text, cwd, files]);
          const same = done.get(key);
          // Hard links: both images hold the same packages.
          const command = same ? `cp -al '${same}/node_modules' .` : text;
          const outcome = await run(command, inImage(cwd, '.'), environment);
          expect(outcome.code, `RUN ${text}\n${outcome.output}`).toBe(0);
          done.set(key, inImage(cwd, '.'));
          ran.push(text);
        }
      } else if (name === 'CMD') {
        start = JSON.parse(text) as string[];
      }
    }
    expect(left).toEqual(skipped.map(({ command }) => command));
    expect(ran).toEqual(['npm ci --omit=dev']);

    if (image === 'gpu-worker') {
      // The script that downloads CUDA is where the Dockerfile expects it, with what it needs to run.
      const folder = inImage('/app', 'node_modules/onnxruntime-node');
      const outcome = await run(
        'ONNXRUNTIME_NODE_INSTALL=skip node ./script/install',
        folder,
        environment,
      );
      expect(outcome.code, outcome.output).toBe(0);
    }

    // Every import of the process is in the image: it gets as far as reading its environment, and misses all of it.
    const bare = { PATH: process.env.PATH, HOME: process.env.HOME };
    const outcome = await run(start.join(' '), inImage(cwd, '.'), bare);
    expect(outcome.code, outcome.output).toBe(1);
    expect(outcome.output).not.toMatch(/ERR_MODULE_NOT_FOUND|Cannot find/);
    for (const name of ['DATABASE_URL', 'FILES_DIR', 'FILES_KEY']) {
      expect(outcome.output).toContain(name);
    }
  });

  test('the photo decoder works on what is installed there', async () => {
    const script = `
      const { decodePhoto } = await import('#storage/decode/decode-photo.ts');
      const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
      const clean = await decodePhoto(gif);
      console.log('clean', clean.width, clean.height);
      process.exit(0);`;
    const file = inImage('/app', 'try-decoder.ts');
    writeFileSync(file, script);
    const outcome = await run(
      'node --import tsx try-decoder.ts',
      inImage('/app', '.'),
      process.env,
    );
    expect(outcome.output).toContain('clean 1 1');
  });
});
