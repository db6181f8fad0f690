/** @file Writes judges of random weights that claim to have reached their floor: for tests of who asks them what. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listParameters } from '../diffusion/models/list-parameters.ts';
import { loadClipTokenizer } from '../diffusion/tokenizers/clip-tokenizer.ts';
import { writeSafetensors } from '../diffusion/weights/safetensors.ts';
import { ATTRIBUTE_NAMES } from '../pocket/judges/attributes.ts';
import { CONFIG_FILE, type Floor, WEIGHTS_FILE } from '../pocket/judges/judge.ts';
import {
  buildSight,
  buildTextSense,
  judgeTextConfig,
  PATCH_SHAPE,
} from '../pocket/judges/network.ts';
import { initialWeights } from '../pocket/pretraining/initial-weights.ts';
import { writeTokenizer } from '../pocket/tokenizer/build-vocabulary.ts';

/**
 * @param dir made where it is missing
 * @param floor what they claim; by default, everything right
 * @returns dir
 */
export function writeRandomJudges(dir: string, floor: Partial<Floor> = {}): string {
  mkdirSync(dir, { recursive: true });
  writeTokenizer(path.join(dir, 'tokenizer'));
  const { vocabSize, bosId, eosId, padId, maxLength } = loadClipTokenizer(
    path.join(dir, 'tokenizer'),
  );
  const config = judgeTextConfig(vocabSize, { bos: bosId, eos: eosId, pad: padId }, maxLength);
  const shapes = listParameters((weights, input) => {
    buildSight(weights, input('float32', [1, ...PATCH_SHAPE]));
    buildTextSense(weights, config, input('int32', [1, maxLength]));
  });
  writeSafetensors(
    path.join(dir, WEIGHTS_FILE),
    shapes.map((spec, i) => ({
      ...spec,
      dtype: 'F16',
      data: initialWeights(spec, 1, i),
    })),
  );
  const allRight = Object.fromEntries(ATTRIBUTE_NAMES.map((name) => [name, 1]));
  const claimed: Floor = {
    pictures: 1,
    identity: 1,
    identityOfAll: 1,
    identityByStyle: {},
    attributes: allRight,
    ...floor,
  };
  writeFileSync(
    path.join(dir, CONFIG_FILE),
    JSON.stringify({ steps: 1, subjects: 1, floor: claimed }),
  );
  return dir;
}
