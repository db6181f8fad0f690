/** @file Brings the paper's judges from the hub, each file checked against its hash. LPIPS has no file there. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { downloadFile } from '../hub/download-file.ts';
import { HubError } from '../hub/hub-error.ts';
import { type HubSettings, openHubRepo } from '../hub/hub-repo.ts';
import { type Patience, retryTransient } from '../hub/retry.ts';
import { PAPER_FILES, type PaperJudgeFiles, paperFilesIn } from './paper-judge.ts';

/** Which files of which repository; each goes to the folder that {@link PAPER_FILES} names. */
const SOURCES = [
  { repo: 'Xenova/dino-vits16', folder: 'dino-vits16', files: ['onnx/model.onnx'] },
  {
    repo: 'Xenova/clip-vit-base-patch32',
    folder: 'clip-vit-base-patch32',
    files: ['onnx/vision_model.onnx', 'onnx/text_model.onnx', 'vocab.json', 'merges.txt'],
  },
] as const;
const REVISION = 'main';

const targets = (dir: string): string[] =>
  SOURCES.flatMap(({ folder, files }) => files.map((file) => path.join(dir, folder, file)));

/**
 * Downloads what a folder lacks; what is there is taken as it is.
 *
 * @param onBytes hears which file is how far, in [0, 1]
 * @returns the files, LPIPS among them where somebody put it there
 * @throws {HubError} when the hub refuses, cannot be reached, or sends something else than it lists
 */
export async function ensurePaperFiles(
  dir: string,
  hub: HubSettings,
  patience: Patience,
  onBytes: (file: string, share: number) => void,
): Promise<PaperJudgeFiles> {
  if (!targets(dir).every((file) => existsSync(file))) {
    for (const source of SOURCES) await bring(dir, source, hub, patience, onBytes);
  }
  return paperFilesIn(dir, existsSync(path.join(dir, PAPER_FILES.lpips)));
}

async function bring(
  dir: string,
  { repo: name, folder, files }: (typeof SOURCES)[number],
  hub: HubSettings,
  patience: Patience,
  onBytes: (file: string, share: number) => void,
): Promise<void> {
  const repo = openHubRepo(name, hub);
  const commit = await retryTransient(() => repo.resolveCommit(REVISION), patience);
  const listed = await retryTransient(() => repo.listFiles(commit), patience);
  for (const wanted of files) {
    const file = listed.find((entry) => entry.path === wanted);
    if (!file) throw new HubError(`${name}: expected ${wanted}, the repository does not have it`);
    const target = path.join(dir, folder, wanted);
    if (existsSync(target) && statSync(target).size === file.sizeBytes) continue;
    await downloadFile({
      ...patience,
      repo,
      commit,
      file,
      target,
      onBytes: (done) => onBytes(`${name}/${wanted}`, done / Math.max(1, file.sizeBytes)),
    });
  }
}
