/** @file Queries on PGlite in memory. */
import { openDatabase } from './client.ts';
import { describeGalleries } from './testing/gallery-suite.ts';
import { describeQueries } from './testing/query-suite.ts';
import { describeShares } from './testing/share-suite.ts';
import { describeTrainings } from './testing/training-suite.ts';

const open = () => openDatabase('pglite://memory');
describeQueries('PGlite', open);
describeShares('PGlite', open);
describeTrainings('PGlite', open);
describeGalleries('PGlite', open);
