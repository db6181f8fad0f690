/** @file Migrations on a real Postgres, with starters in sessions of their own. */
import { afterAll, beforeAll, describe } from 'vitest';
import { openDatabase } from './client.ts';
import { describeMigrations } from './testing/migrate-suite.ts';
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

  describeMigrations('Postgres', async () => {
    const own = await createTestDatabase(services.postgresUrl);
    drop = own.drop;
    return [await openDatabase(own.url), await openDatabase(own.url)];
  });
});
