/** @file Queries on a real Postgres. */
import { afterAll, beforeAll, describe } from 'vitest';
import { openDatabase } from './client.ts';
import { describeGalleries } from './testing/gallery-suite.ts';
import { describeQueries } from './testing/query-suite.ts';
import {
  createTestDatabase,
  missingTestServices,
  startTestServices,
  type TestServices,
} from './testing/services.ts';
import { describeShares } from './testing/share-suite.ts';
import { describeTrainings } from './testing/training-suite.ts';

const missing = missingTestServices();

describe.skipIf(missing !== undefined)(`with servers${missing ? ` (${missing})` : ''}`, () => {
  let services: TestServices;
  const drops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    services = await startTestServices();
  });
  afterAll(async () => {
    for (const drop of drops) await drop();
    await services?.stop();
  });

  const open = async () => {
    const own = await createTestDatabase(services.postgresUrl);
    drops.push(own.drop);
    return openDatabase(own.url);
  };
  describeQueries('Postgres', open);
  describeShares('Postgres', open);
  describeTrainings('Postgres', open);
  describeGalleries('Postgres', open);
});
