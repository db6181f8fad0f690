/**
 * @file A process for tests to kill: database, queue and worker in one, as the demo has them. Arguments: a folder, and
 * the id of a training; without it, one is inserted first. Logs the training's row five times a second.
 */
import path from 'node:path';
import { openDatabase } from '#db/client.ts';
import { trainSubject } from '#db/jobs/train-subject.ts';
import { createLogger } from '#db/logger.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { getTrainingRun } from '#db/queries/training-runs.ts';
import { openQueue } from '#db/queue.ts';
import { startWorker } from '../start.ts';
import { prepareWorker } from './worker-harness.ts';

const [folder = ''] = process.argv.slice(2);
const database = await openDatabase(`pglite://${path.join(folder, 'database')}`);
await migrateDatabase(database, { queue: true });
const queue = await openQueue({ database });
const harness = await prepareWorker(folder, database);
const logger = createLogger({ level: 'debug' });

let [id] = process.argv.slice(3);
if (id === undefined) {
  const settings = { maxTrainSteps: 80, samplePrompts: ['a [V]'] };
  id = (await harness.insertTraining(settings)).run.id;
  await queue.enqueue(trainSubject, id, { priority: 1 });
  logger.info({ runId: id }, 'enqueued');
}
await startWorker({ ...harness, queue, logger });
setInterval(async () => {
  const run = await getTrainingRun(database.db, id);
  const deliveries = (await harness.deliveries(id)).length;
  logger.info(
    { status: run?.status, progress: run?.progress, attempt: run?.attempt, deliveries },
    'row',
  );
}, 200);
