/** @file Queries on a real Postgres. */
import { afterAll, beforeAll, describe } from 'vitest';
import { openDatabase } from './client.ts';
import { describeQueries } from './testing/query-suite.ts';
import {
  createTestDatabase,
  missingTestServices,
  startTestServices,
  type TestServices,
} from './testing/services.ts';

const missing = missingTestServices();

describe.skipIf(missing !== undefined)(`with servers${missing ? ` (${missing})` : ''}`, () => {
  let services: TestServices;
  let drop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    services = await startTestServices();
  });
  afterAll(async () => {
    await drop?.();
    await services?.stop();
  });

  describeQueries('Postgres', async () => {
    const own = await createTestDatabase(services.postgresUrl);
    drop = own.drop;
    return openDatabase(own.url);
  });
});
