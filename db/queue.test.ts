/** @file The queue on PGlite in memory: no server at all. */
import { openDatabase } from './client.ts';
import { describeQueue } from './testing/queue-suite.ts';

describeQueue('PGlite', async () => ({ database: await openDatabase('pglite://memory') }));
