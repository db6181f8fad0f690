/** @file What the frozen base is told of a subject: the best of a few descriptions. */
import path from 'node:path';
import type { Reading } from '../pocket/judges/attributes.ts';
import type { Subject } from '../pocket/world/scene.ts';
import { renderPictures } from './base.ts';
import { likeness } from './gallery.ts';
import type { Seen } from './judge.ts';
import { readPictures } from './pictures.ts';
import type { Setting, Sitting } from './run-variant.ts';
import { meanOf } from './statistics.ts';

/** What a description can say. */
type Described = Pick<Subject, 'primary' | 'secondary' | 'pattern'>;

const WITH_PATTERN: Record<Exclude<Subject['pattern'], 'plain'>, string> = {
  striped: 'stripes',
  spotted: 'spots',
  patched: 'patches',
  starred: 'stars',
};

/** @returns descriptions without article: colours and pattern said in several ways, and the class alone */
export function describe(noun: string, looks: Described | undefined): string[] {
  if (!looks) return [noun];
  const { primary, secondary, pattern } = looks;
  if (pattern === 'plain')
    return [noun, `${primary} ${noun}`, `${primary} and ${secondary} ${noun}`];
  return [
    noun,
    `${primary} ${pattern} ${noun}`,
    `${primary} and ${secondary} ${pattern} ${noun}`,
    `${primary} ${noun} with ${secondary} ${WITH_PATTERN[pattern]}`,
  ];
}

/** What the readers agree on about the photos; undefined where the judge has no readers. */
function lookOf(photos: readonly Seen[]): Described | undefined {
  const readings = photos.flatMap(({ reading }) => (reading ? [reading] : []));
  if (readings.length === 0) return undefined;
  return {
    primary: mostFrequent(readings, 'firstColour') as Subject['primary'],
    secondary: mostFrequent(readings, 'secondColour') as Subject['secondary'],
    pattern: mostFrequent(readings, 'pattern') as Subject['pattern'],
  };
}

function mostFrequent(readings: readonly Reading[], name: keyof Reading): string {
  const counts = new Map<string, number>();
  for (const reading of readings) counts.set(reading[name], (counts.get(reading[name]) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]![0];
}

/** Pictures by which descriptions are compared. */
const TRIES = 4;
/** Away from the seeds of what is judged afterwards. */
const FIRST_SEED = 7_000_000;

/**
 * Draws a few pictures of each description and takes the one whose pictures are most like the photos.
 * @returns its words, class noun included
 */
export async function bestDescription(
  { base, judge, context }: Setting,
  { subject, photos }: Sitting,
  dir: string,
): Promise<string> {
  const candidates = describe(subject.classNoun, subject.drawn ?? lookOf(photos));
  const scores: number[] = [];
  for (const [i, words] of candidates.entries()) {
    const files = await renderPictures(
      base,
      {
        prompts: Array<string>(TRIES).fill(`a ${words}`),
        firstSeed: FIRST_SEED,
        dir: path.join(dir, String(i)),
      },
      context,
    );
    const seen = await judge.see(await readPictures(files));
    scores.push(meanOf(seen.map((picture) => likeness(picture, photos))));
  }
  return candidates[scores.indexOf(Math.max(...scores))]!;
}
