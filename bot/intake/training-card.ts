/** @file The cards of a training, from its rows and its stored pictures. */
import type { TrainResult } from '#db/jobs/train-subject.ts';
import { listArtifactsOfRun } from '#db/queries/artifacts.ts';
import { getTrainingRunWithSubject } from '#db/queries/training-runs.ts';
import type { OutboxDelivery } from '#db/schema/outbox-deliveries.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import type { BotContext } from '../context.ts';
import type { MessageView } from '../views/message-view.ts';
import { type TrainingPictures, trainingEnded } from '../views/training-ended.ts';
import { outcomeNow, payloadOf } from './outcome-now.ts';
import { readPictures } from './pictures.ts';
import { drawStrip } from './strips.ts';

type Stores = Pick<BotContext, 'db' | 'store' | 'logger'>;

/** Side of a picture on the way, in pixels: it is sent again with every step that is told. */
const PREVIEW_TILE = 128;

/** @returns the pictures on the way side by side; null while there are none */
export async function readPreviews(
  bot: Stores,
  { userId, progress }: Pick<TrainingRun, 'userId' | 'progress'>,
): Promise<Buffer | null> {
  const fileIds = progress?.previews?.map(({ fileId }) => fileId) ?? [];
  const pictures = await readPictures(bot, userId, fileIds, { isPreview: true });
  return pictures.length > 0 ? drawStrip([pictures], PREVIEW_TILE) : null;
}

/** @returns the rows of a training that has ended, and what makes its card; undefined where there is no such training */
export async function readTrainingCard(
  bot: Stores,
  delivery: Pick<OutboxDelivery, 'refId' | 'userId' | 'payload'>,
): Promise<{ run: TrainingRun; subject: Subject; build: () => MessageView } | undefined> {
  const { refId, userId } = delivery;
  const payload = payloadOf(delivery);
  const pictures =
    payload.outcome === 'succeeded' && payload.kind === 'training'
      ? await readTrainingPictures(bot, userId, refId, payload.result)
      : { candidates: [], classPictures: null };
  const row = await getTrainingRunWithSubject(bot.db, refId);
  if (!row) return undefined;
  const { run, subject } = row;
  const outcome = outcomeNow(payload, [subject]);
  return { run, subject, build: () => trainingEnded(run, subject, outcome, pictures) };
}

async function readTrainingPictures(
  bot: Stores,
  ownerId: string,
  runId: string,
  { classBeforeFileIds, classAfterFileIds }: TrainResult,
): Promise<TrainingPictures> {
  const candidates = [];
  for (const artifact of await listArtifactsOfRun(bot.db, runId)) {
    const samples = await readPictures(bot, ownerId, artifact.sampleFileIds);
    candidates.push({ artifact, strip: samples.length > 0 ? await drawStrip([samples]) : null });
  }
  const before = await readPictures(bot, ownerId, classBeforeFileIds);
  const after = await readPictures(bot, ownerId, classAfterFileIds);
  const isPair = before.length > 0 && after.length > 0;
  return { candidates, classPictures: isPair ? await drawStrip([before, after]) : null };
}
