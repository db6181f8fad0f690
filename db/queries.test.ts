/** @file Queries on PGlite in memory. */
import { openDatabase } from './client.ts';
import { describeQueries } from './testing/query-suite.ts';

describeQueries('PGlite', () => openDatabase('pglite://memory'));
