/** @file What a request can ask of its pictures, on a tiny random checkpoint. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRandomAdapter } from '../testing/random-adapter.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { renderPrompt } from './render.ts';
import {
  type LoopContext,
  type ProgressEvent,
  type RenderPromptRequest,
  renderPromptRequestSchema,
} from './requests.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-render-'));
const base = path.join(root, 'base');
const photo = path.join(root, 'photo.png');
const other = path.join(root, 'other.png');
/** What is drawn where nothing special is asked. */
let plain: Buffer;

beforeAll(async () => {
  writeTinyCheckpoint(base, { seed: 3 });
  for (const [file, background] of [
    [photo, '#d33'],
    [other, '#33d'],
  ] as const) {
    await sharp({ create: { width: 40, height: 24, channels: 3, background } })
      .png()
      .toFile(file);
  }
  plain = await render();
});
afterAll(() => rmSync(root, { recursive: true }));

function requestFor(change: Partial<RenderPromptRequest>): RenderPromptRequest {
  return renderPromptRequestSchema.parse({
    kind: 'render-prompt',
    baseCheckpointDir: base,
    prompt: 'a cat',
    width: 24,
    height: 16,
    seed: 40,
    count: 1,
    outputDir: mkdtempSync(path.join(root, 'pictures-')),
    sampling: { sampler: 'dpmpp_2m', numInferenceSteps: 2, guidanceScale: 3 },
    provider: 'cpu',
    ...change,
  });
}

async function render(
  change: Partial<RenderPromptRequest> = {},
  more: Partial<LoopContext> = {},
): Promise<Buffer> {
  const { signal } = new AbortController();
  const context = { signal, onProgress: () => {}, now: () => performance.now(), ...more };
  const { pictureFiles } = await renderPrompt(requestFor(change), context);
  return readFileSync(pictureFiles[0]!);
}

describe('a rendering', () => {
  it('has the size that was asked for', async () => {
    expect(await sharp(plain).metadata()).toMatchObject({ width: 24, height: 16 });
  });

  it('starts from the picture that the request names', async () => {
    const from = (file: string) => render({ startImage: { file, strength: 0.5 } });
    const [red, blue] = [await from(photo), await from(other)];
    expect(red.equals(blue)).toBe(false);
    expect(red.equals(plain)).toBe(false);
  });

  it('shows two subjects with two adapters, each of which counts', async () => {
    const [one, other] = [1, 2].map((seed) =>
      writeRandomAdapter(path.join(root, `subject-${seed}.safetensors`), base, seed),
    );
    const artifactFile = one!;
    const both = await render({ artifactFile, otherArtifactFile: other! });
    expect(both.equals(await render({ artifactFile }))).toBe(false);
    expect(both.equals(await render({ artifactFile: other! }))).toBe(false);
    // Which of them is named first changes nothing but the order in which numbers are added up.
    const turned = await render({ artifactFile: other!, otherArtifactFile: artifactFile });
    const [a, b] = await Promise.all([both, turned].map((png) => sharp(png).raw().toBuffer()));
    for (const [i, value] of a!.entries()) expect(Math.abs(value - b![i]!)).toBeLessThanOrEqual(2);
  });

  it('gives previews no more often than asked, and none where none are asked', async () => {
    const sampling = { sampler: 'ddim', numInferenceSteps: 20, guidanceScale: 1 } as const;
    let clock = 0;
    const events: ProgressEvent[] = [];
    const more = {
      onProgress: (event: ProgressEvent) => void events.push(event),
      // Each look at the clock is 100 ms later.
      now: () => (clock += 100),
    };
    await render({ sampling, count: 3, previewEveryMs: 900 }, more);
    const previews = events.flatMap(({ previewFile }) => previewFile ?? []);
    expect(previews.length).toBeGreaterThanOrEqual(2);
    expect(previews.length).toBeLessThanOrEqual(5);
    expect(await sharp(previews[0]!).metadata()).toMatchObject({ width: 48, height: 32 });
    events.length = 0;
    await render({ sampling }, more);
    expect(events.some(({ previewFile }) => previewFile !== undefined)).toBe(false);
  });

  it('heeds the negative prompt', async () => {
    expect(plain.equals(await render({ negativePrompt: 'a dog' }))).toBe(false);
  });
});

describe('what is refused before any work', () => {
  const sampling = { sampler: 'lcm', numInferenceSteps: 51, guidanceScale: 1 } as const;
  const negativePrompt = `a cat ${'on the beach '.repeat(40)}`;
  it.each<[string, Partial<RenderPromptRequest>, object]>([
    ['a width', { width: 20 }, { code: 'SETTINGS_UNSUPPORTED', message: /^width: .* got 20$/ }],
    ['a height', { height: 4 }, { code: 'SETTINGS_UNSUPPORTED', message: /^height: .* got 4$/ }],
    ['steps', { sampling }, { code: 'SETTINGS_UNSUPPORTED', message: /distilled on 50 steps/ }],
    ['a negative prompt', { negativePrompt }, { code: 'PROMPT_TOO_LONG' }],
  ])('%s', async (_, change, failure) => {
    const matchers = Object.entries(failure).map(([key, value]) => [
      key,
      value instanceof RegExp ? expect.stringMatching(value) : value,
    ]);
    await expect(render(change)).rejects.toMatchObject(Object.fromEntries(matchers));
  });

  it('a file that is no picture', async () => {
    const file = path.join(root, 'text.png');
    writeFileSync(file, 'no picture');
    await expect(render({ startImage: { file, strength: 0.5 } })).rejects.toMatchObject({
      code: 'PHOTO_UNREADABLE',
    });
  });

  it.each([0, -0.1, 1.5])('strength %d', (strength) => {
    const wrong = () => requestFor({ startImage: { file: photo, strength } });
    expect(wrong).toThrow('strength');
  });

  it('a sampler that does not exist, with the names of those that do', () => {
    const wrong = () => requestFor({ sampling: { ...sampling, sampler: 'heun' as never } });
    expect(wrong).toThrow('unipc');
  });
});
