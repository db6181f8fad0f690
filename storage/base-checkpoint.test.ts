import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { locateBaseCheckpoint, parseHubId } from './base-checkpoint.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'base-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a hub id', () => {
  it.each([
    ['owner/name', 'owner/name', 'main'],
    [
      'stable-diffusion-v1-5/stable_diffusion.v1-5@fp16',
      'stable-diffusion-v1-5/stable_diffusion.v1-5',
      'fp16',
    ],
    ['a/b@refs/pr/3', 'a/b', 'refs/pr/3'],
  ])('%s', (text, repo, revision) => {
    expect(parseHubId(text)).toEqual({ repo, revision });
  });

  it.each([
    'name',
    '/owner/name',
    './owner/name',
    '../name',
    'a/b/c',
    'a/..',
    'a--b/c',
    'a/b@',
    'a/b@../c',
    'a/b c',
    '',
  ])('is not %j', (text) => expect(parseHubId(text)).toBeUndefined());
});

describe('the base checkpoint', () => {
  it('is the folder that exists, though its path could be a hub id', () => {
    mkdirSync(path.join(folder, 'models/pocket'), { recursive: true });
    const relative = path.relative(process.cwd(), path.join(folder, 'models/pocket'));
    expect(locateBaseCheckpoint(relative, '/hub')).toEqual({
      dir: path.join(folder, 'models/pocket'),
    });
  });

  it('is a missing folder where it cannot be a hub id', () => {
    expect(locateBaseCheckpoint('/checkpoints/gone', '/hub')).toEqual({ dir: '/checkpoints/gone' });
  });

  it('is a folder of its own below the hub folder for each repository and revision', () => {
    const dirOf = (text: string) => locateBaseCheckpoint(text, '/hub').dir;
    expect(dirOf('owner/name')).toBe('/hub/owner--name@main');
    expect(dirOf('owner/name@main')).toBe('/hub/owner--name@main');
    expect(dirOf('owner/name@refs/pr/3')).toBe('/hub/owner--name@refs--pr--3');
    expect(locateBaseCheckpoint('owner/name@v1', '/hub').hubId).toEqual({
      repo: 'owner/name',
      revision: 'v1',
    });
  });
});
