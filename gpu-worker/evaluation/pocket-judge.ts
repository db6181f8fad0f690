/** @file Pocket's own judges behind the protocol's interface. */
import { imageToPixels } from '../diffusion/images/pixels.ts';
import { belowFloor } from '../pocket/judges/floor.ts';
import { type Look, PocketJudges, perceptualDistance } from '../pocket/judges/judge.ts';
import { JUDGE_SIZE } from '../pocket/judges/network.ts';
import { EvaluationError } from './evaluation-error.ts';
import { type Judge, pairsOf } from './judge.ts';
import type { RgbPicture } from './pictures.ts';

const FRAME = { height: JUDGE_SIZE, width: JUDGE_SIZE } as const;

/**
 * @param dir the judges' folder
 * @throws {EvaluationError} when they did not reach their floor: nothing that they say would count
 */
export function openPocketJudge(dir: string, options: { threads?: number } = {}): Judge {
  const judges = new PocketJudges(dir, options);
  const failures = belowFloor(judges.floor);
  if (failures.length > 0)
    throw new EvaluationError(
      `${dir}: the judges are below their floor (${failures.join(', ')}); train them further`,
    );
  const look = async (pictures: readonly RgbPicture[]): Promise<Look[]> =>
    judges.look(
      await Promise.all(
        pictures.map(({ rgb, width, height }) => imageToPixels(rgb, width, height, FRAME)),
      ),
    );
  return {
    name: 'pocket',
    see: async (pictures) =>
      (await look(pictures)).map(({ identity, semantic, reading }) => ({
        identity,
        image: semantic,
        reading,
      })),
    readTexts: (texts) => judges.read(texts),
    distances: async (pictures) =>
      pairsOf(await look(pictures)).map(([a, b]) => perceptualDistance(a, b)),
    close: () => judges.close(),
  };
}
