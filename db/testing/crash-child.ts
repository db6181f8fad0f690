/**
 * @file A process for tests to kill. Arguments: what to do, the database URL, the Redis URL or `-`, a prefix.
 * `insert`: inserts rows for ever and prints the id of each when the database has it.
 * `work`: takes trainings and never ends one; prints `start <row id> <attempt>` when it starts one.
 * `enqueue-work`: inserts and enqueues a training of its own first.
 */
import { openDatabase } from '../client.ts';
import { trainSubject } from '../jobs/train-subject.ts';
import { migrateDatabase } from '../migrate.ts';
import { startTrainingAttempt } from '../queries/training-attempts.ts';
import { openQueue } from '../queue.ts';
import { insertTraining } from './rows.ts';

const [what = '', databaseUrl = '', redis = '-', prefix = 'test'] = process.argv.slice(2);
const database = await openDatabase(databaseUrl);
await migrateDatabase(database, { queue: redis === '-' });

if (what === 'insert') {
  for (;;) {
    const { run } = await insertTraining(database.db);
    process.stdout.write(`${run.id}\n`);
  }
}

const queue = await openQueue({
  database,
  redisUrl: redis === '-' ? undefined : redis,
  prefix,
});
if (what === 'enqueue-work') {
  const { run } = await insertTraining(database.db);
  await queue.enqueue(trainSubject, run.id, { priority: 1 });
}
queue.createWorker(trainSubject, async ({ rowId }) => {
  const start = await startTrainingAttempt(database.db, rowId);
  if (start.started) process.stdout.write(`start ${rowId} ${start.attempt}\n`);
  return new Promise(() => undefined);
});
