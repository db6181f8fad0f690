import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DownloadProgress,
  downloadCheckpoint,
  previewDownload,
} from './download-checkpoint.ts';
import { type HubServer, type RepoFiles, startHubServer } from './testing/hub-server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hub-'));
const TOKEN = 'hf_sesame';
const UNET = 'unet/diffusion_pytorch_model.safetensors';
let hub: HubServer;
/** Nobody listens there. */
let closedEndpoint: string;
let count = 0;
let repo: string;

beforeAll(async () => {
  const closed = await startHubServer();
  closedEndpoint = closed.endpoint;
  await closed.close();
  hub = await startHubServer();
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  repo = `owner/model-${count++}`;
  hub.requests.length = 0;
  Object.assign(hub.faults, {
    cutAfterBytes: [],
    corruptPath: undefined,
    ignoresRanges: false,
    stalls: false,
    busyTimes: 0,
  });
});

/** Bytes that are not alike. */
const bytes = (sizeBytes: number, seed: number) =>
  Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 255);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** What is needed of a checkpoint, as published. */
const needed: RepoFiles = {
  'model_index.json': json({ _class_name: 'StableDiffusionPipeline' }),
  'class_nouns.json': json(['cat']),
  'scheduler/scheduler_config.json': json({ steps_offset: 1 }),
  'tokenizer/vocab.json': json({ a: 0 }),
  'tokenizer/merges.txt': Buffer.from('#version: 0.2\n'),
  'tokenizer/special_tokens_map.json': Buffer.from(''),
  'unet/config.json': json({ in_channels: 4 }),
  [UNET]: bytes(300_000, 1),
  'vae/config.json': json({}),
  'vae/diffusion_pytorch_model.safetensors': bytes(5_000, 2),
  'text_encoder/config.json': json({}),
  'text_encoder/model.safetensors': bytes(7_000, 3),
};
/** What lies beside it. */
const useless: RepoFiles = {
  'README.md': Buffer.from('# a model'),
  'pocket.json': json({}),
  'v1-5-pruned.safetensors': bytes(9_000, 4),
  'v1-5-pruned.ckpt': bytes(9_000, 5),
  'unet/diffusion_pytorch_model.fp16.safetensors': bytes(4_000, 6),
  'unet/diffusion_pytorch_model.bin': bytes(4_000, 7),
  'unet/diffusion_flax_model.msgpack': bytes(4_000, 8),
  'unet/model.onnx': bytes(4_000, 9),
  'safety_checker/model.safetensors': bytes(4_000, 10),
  'text_encoder/tf_model.h5': bytes(10, 11),
};
const published = { ...needed, ...useless };

const dirOf = () => path.join(folder, repo.replace('/', '--'));
const download = (changes: Partial<Parameters<typeof downloadCheckpoint>[0]> = {}) =>
  downloadCheckpoint({
    hub: { endpoint: hub.endpoint },
    repo,
    revision: 'main',
    dir: dirOf(),
    signal: AbortSignal.timeout(60_000),
    retryDelayMs: 1,
    ...changes,
  });
const contents = (dir: string): RepoFiles =>
  Object.fromEntries(
    (readdirSync(dir, { recursive: true }) as string[])
      .filter((name) => statSync(path.join(dir, name)).isFile())
      .map((name) => [name, readFileSync(path.join(dir, name))]),
  );
const same = (files: RepoFiles) =>
  Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, Buffer.from(content).toString('base64')]),
  );
const storeRequests = (name: string) =>
  hub.requests.filter(({ origin, path: where }) => origin === 'store' && where.includes(name));

describe('a checkpoint from the hub', () => {
  it('is downloaded without what no model here reads, page by page of the listing', async () => {
    const commit = hub.commit(repo, 'main', published);
    const progress: DownloadProgress[] = [];
    const totalBytes = Object.values(needed).reduce((total, { length }) => total + length, 0);
    expect(await download({ onProgress: (step) => progress.push(step) })).toEqual({
      commit,
      totalBytes,
    });
    expect(same(contents(dirOf()))).toEqual(same(needed));
    expect(
      hub.requests.filter(({ path: where }) => where.includes('/tree/')).length,
    ).toBeGreaterThan(3);
    expect(progress.at(-1)).toMatchObject({ doneBytes: totalBytes, totalBytes });
    const done = progress.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  it('keeps its commit though the branch moves, and then needs no hub', async () => {
    const commit = hub.commit(repo, 'main', published);
    hub.faults.cutAfterBytes = Array(5).fill(0);
    await expect(download()).rejects.toThrow(/stopped at/);
    hub.faults.cutAfterBytes = [];
    hub.commit(repo, 'main', { ...published, [UNET]: bytes(10, 99) });
    expect(await download()).toMatchObject({ commit });
    expect(same(contents(dirOf()))).toEqual(same(needed));
    expect(JSON.parse(readFileSync(`${dirOf()}.json`, 'utf8'))).toMatchObject({
      repo,
      revision: 'main',
      commit,
      files: { [UNET]: 300_000 },
    });
    hub.requests.length = 0;
    expect(await download({ hub: { endpoint: closedEndpoint } })).toMatchObject({ commit });
    expect(hub.requests).toEqual([]);
    rmSync(path.join(dirOf(), 'vae/config.json'));
    await download();
    expect(same(contents(dirOf()))).toEqual(same(needed));
  });

  it('may be named by its commit', async () => {
    const commit = hub.commit(repo, 'main', published);
    hub.commit(repo, 'main', {});
    expect(await download({ revision: commit })).toMatchObject({ commit });
    expect(hub.requests.some(({ path: where }) => where.includes('/revision/'))).toBe(false);
  });

  it('is taken in shards, and in half precision where there is no other', async () => {
    const { [UNET]: _, 'text_encoder/model.safetensors': text, ...rest } = needed;
    const name = 'diffusion_pytorch_model';
    const sharded = {
      ...rest,
      'text_encoder/model.fp16.safetensors': text!,
      [`unet/${name}.safetensors.index.json`]: json({
        weight_map: { a: `${name}-1.safetensors`, b: `${name}-2.safetensors` },
      }),
      [`unet/${name}-1.safetensors`]: bytes(2_000, 20),
      [`unet/${name}-2.safetensors`]: bytes(3_000, 21),
    };
    hub.commit(repo, 'main', { ...sharded, [`unet/${name}-3.safetensors`]: bytes(10, 22) });
    await download();
    expect(same(contents(dirOf()))).toEqual(same(sharded));
  });

  it('is taken in half precision where that is asked for and there is any', async () => {
    hub.commit(repo, 'main', published);
    const half = { endpoint: hub.endpoint, variant: 'fp16' } as const;
    const preview = () =>
      previewDownload({
        hub: half,
        repo,
        revision: 'main',
        dir: dirOf(),
        signal: AbortSignal.timeout(60_000),
      });
    const announced = (await preview())?.totalBytes;
    const { totalBytes } = await download({ hub: half });
    expect(totalBytes).toBe(announced);
    const fp16 = 'unet/diffusion_pytorch_model.fp16.safetensors';
    const { [UNET]: _, ...rest } = needed;
    expect(same(contents(dirOf()))).toEqual(same({ ...rest, [fp16]: published[fp16]! }));
    expect(await preview()).toBeUndefined();
    await expect(download()).rejects.toThrow(
      /expected full-precision weights of \S+, found fp16 ones; remove the file and the folder/,
    );
  });

  it('tells what would come, and brings nothing', async () => {
    const commit = hub.commit(repo, 'main', published);
    const ask = () =>
      previewDownload({
        hub: { endpoint: hub.endpoint },
        repo,
        revision: 'main',
        dir: dirOf(),
        signal: AbortSignal.timeout(9_000),
      });
    expect(await ask()).toMatchObject({ commit, fileCount: Object.keys(needed).length });
    expect(existsSync(dirOf())).toBe(false);
    await download();
    expect(await ask()).toBeUndefined();
  });
});

describe('a bad connection', () => {
  it('goes on where it broke, and asks for no byte twice that it has', async () => {
    hub.commit(repo, 'main', published);
    hub.faults.cutAfterBytes = [100_000, 50_000];
    await download();
    expect(same(contents(dirOf()))).toEqual(same(needed));
    const [first, second, third, ...more] = storeRequests(UNET).map(({ range }) =>
      range === undefined ? 0 : Number(/^bytes=(\d+)-$/.exec(range)?.[1]),
    );
    // What was still on its way when the connection broke may be lost, nothing else.
    expect(first).toBe(0);
    expect(second).toBeGreaterThan(30_000);
    expect(second).toBeLessThanOrEqual(100_000);
    expect(third).toBeGreaterThan(second!);
    expect(more).toEqual([]);
  });

  it('goes on in a later run, too', async () => {
    hub.commit(repo, 'main', published);
    hub.faults.cutAfterBytes = [120_000, 0, 0, 0, 0, 0];
    const { message } = await download().then(Object, (error: Error) => error);
    const { size } = statSync(path.join(dirOf(), `${UNET}.part`));
    expect(size).toBeGreaterThan(30_000);
    expect(message).toContain(`${UNET} stopped at ${size} of 300000 bytes, start again to go on`);
    hub.requests.length = 0;
    hub.faults.cutAfterBytes = [];
    await download();
    expect(storeRequests(UNET).map(({ range }) => range)).toEqual([`bytes=${size}-`]);
    expect(same(contents(dirOf()))).toEqual(same(needed));
  });

  it('begins anew where the server knows no ranges', async () => {
    hub.commit(repo, 'main', published);
    hub.faults.ignoresRanges = true;
    hub.faults.cutAfterBytes = [100_000];
    await download();
    expect(same(contents(dirOf()))).toEqual(same(needed));
  });

  it('is given up when nothing comes any more', async () => {
    hub.commit(repo, 'main', published);
    hub.faults.stalls = true;
    await expect(download({ stallMs: 20 })).rejects.toThrow(/nothing came for 20 ms/);
  });

  it('waits for a hub that is busy, but not for ever', async () => {
    hub.commit(repo, 'main', published);
    hub.faults.busyTimes = 4;
    await download();
    hub.faults.busyTimes = 5;
    await expect(download({ dir: `${dirOf()}-again` })).rejects.toThrow(
      /answered 503; try again later/,
    );
  });

  it('says that a hub cannot be reached', async () => {
    await expect(download({ hub: { endpoint: closedEndpoint } })).rejects.toThrow(
      /127\.0\.0\.1:\d+ cannot be reached \(connect ECONNREFUSED/,
    );
  });

  it('stops when it is told to', async () => {
    hub.commit(repo, 'main', published);
    hub.faults.stalls = true;
    const stop = new AbortController();
    const stopped = download({ signal: stop.signal });
    await expect.poll(() => storeRequests(UNET).length, { timeout: 10_000 }).toBe(1);
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
  });
});

describe('a file that is not what the hub lists', () => {
  it.each([
    ['large', UNET, /sha256 [0-9a-f]{64}/],
    ['small', 'vae/config.json', /git-sha1 [0-9a-f]{40}/],
  ])('is refused and removed: %s', async (_, name, hash) => {
    hub.commit(repo, 'main', published);
    const part = path.join(dirOf(), `${name}.part`);
    if (name === UNET) hub.faults.corruptPath = name;
    else {
      // An earlier try left a part with other bytes in it.
      hub.faults.cutAfterBytes = Array(5).fill(0);
      await expect(download()).rejects.toThrow(/stopped at/);
      rmSync(path.join(dirOf(), name), { force: true });
      mkdirSync(path.dirname(part), { recursive: true });
      writeFileSync(part, 'X');
      hub.faults.cutAfterBytes = [];
    }
    const failure = await download().catch((error: Error) => error.message);
    expect(failure).toContain(`${repo}: ${name}: expected `);
    expect(failure).toMatch(hash);
    expect(failure).toContain('start again');
    expect(existsSync(part)).toBe(false);
    expect(existsSync(path.join(dirOf(), name))).toBe(false);
    hub.faults.corruptPath = undefined;
    await download();
    expect(same(contents(dirOf()))).toEqual(same(needed));
  });
});

describe('who may read', () => {
  it('a gated repository names its licence page and the variable', async () => {
    hub.commit(repo, 'main', published);
    hub.gate(repo, TOKEN);
    const page = `${hub.endpoint}/${repo}`;
    await expect(download()).rejects.toThrow(
      `answered 401: it is gated. Accept its licence at ${page}, then set HF_TOKEN`,
    );
    const refused = download({ hub: { endpoint: hub.endpoint, token: 'hf_other' } });
    await expect(refused).rejects.toThrow(
      /answered 403: it is gated.* as the account whose token HF_TOKEN is/,
    );
    await expect(refused).rejects.not.toThrow(/hf_other/);
  });

  it('the token opens it, and is shown to the hub only', async () => {
    hub.commit(repo, 'main', published);
    hub.gate(repo, TOKEN);
    await download({ hub: { endpoint: hub.endpoint, token: TOKEN } });
    const seen = (origin: string) =>
      new Set(
        hub.requests
          .filter((request) => request.origin === origin)
          .map(({ authorization }) => authorization),
      );
    expect(seen('hub')).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(seen('store')).toEqual(new Set([undefined]));
    expect(JSON.stringify(same(contents(folder)))).not.toContain(TOKEN);
  });

  it('a repository or revision that is not there', async () => {
    await expect(download()).rejects.toThrow(
      /answered 401: there is no such repository, nor a folder .* set HF_TOKEN/,
    );
    await expect(download({ hub: { endpoint: hub.endpoint, token: TOKEN } })).rejects.toThrow(
      /answered 404: there is no such repository, .* HF_TOKEN is wrong/,
    );
    hub.commit(repo, 'main', published);
    await expect(download({ revision: 'v2' })).rejects.toThrow(/answered 404: no such revision/);
  });
});

describe('a repository that cannot be used is refused before anything is downloaded', () => {
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(published).filter(([name]) => !names.includes(name)));
  it.each<[string, RepoFiles, RegExp]>([
    [
      'single file',
      { 'model.ckpt': bytes(9, 1) },
      /expected model_index\.json .*found model\.ckpt is a pickle/,
    ],
    [
      'pickles only',
      without(UNET, 'unet/diffusion_pytorch_model.fp16.safetensors'),
      /\/unet: expected diffusion_pytorch_model\.safetensors.*found diffusion_pytorch_model\.bin is a pickle/,
    ],
    [
      'no text encoder',
      without('text_encoder/model.safetensors'),
      /\/text_encoder: expected model\.safetensors/,
    ],
  ])('%s', async (_, files, message) => {
    hub.commit(repo, 'main', files);
    await expect(download()).rejects.toThrow(message);
    expect(hub.requests.filter(({ path: where }) => where.includes('/resolve/'))).toEqual([]);
  });

  it.each([
    ['../../secret.safetensors', /expected the name of a file beside the index/],
    ['gone.safetensors', /names gone\.safetensors, which the repository does not have/],
  ])('an index that names %s', async (shard, message) => {
    const { [UNET]: _, ...rest } = needed;
    const index = 'unet/diffusion_pytorch_model.safetensors.index.json';
    hub.commit(repo, 'main', { ...rest, [index]: json({ weight_map: { a: shard } }) });
    await expect(download()).rejects.toThrow(message);
    expect(storeRequests('')).toEqual([]);
  });
});
