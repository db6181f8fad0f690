/** @file Migrations on PGlite in memory, and whether they say what the schema says. */
import { readFileSync } from 'node:fs';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';
import { describe, expect, it } from 'vitest';
import { openDatabase } from './client.ts';
import { artifacts } from './schema/artifacts.ts';
import { classImageSets } from './schema/class-image-sets.ts';
import { galleryPostSubjects } from './schema/gallery-post-subjects.ts';
import { galleryPosts } from './schema/gallery-posts.ts';
import { galleryVotes } from './schema/gallery-votes.ts';
import { guilds } from './schema/guilds.ts';
import { outboxDeliveries } from './schema/outbox-deliveries.ts';
import { owedAnswers } from './schema/owed-answers.ts';
import { photos } from './schema/photos.ts';
import { renditionDrafts } from './schema/rendition-drafts.ts';
import { renditionSubjects } from './schema/rendition-subjects.ts';
import { renditions } from './schema/renditions.ts';
import { reports } from './schema/reports.ts';
import { subjectShares } from './schema/subject-shares.ts';
import { subjects } from './schema/subjects.ts';
import { trainingDrafts } from './schema/training-drafts.ts';
import { trainingRuns } from './schema/training-runs.ts';
import { users } from './schema/users.ts';
import { describeMigrations } from './testing/migrate-suite.ts';

describeMigrations('PGlite', async () => [await openDatabase('pglite://memory')]);

describe('the newest migration', () => {
  it('leads to the schema in the code: else run npm run db:generate', async () => {
    const read = (path: string) =>
      JSON.parse(readFileSync(new URL(`../migrations/meta/${path}`, import.meta.url), 'utf8'));
    const { entries } = read('_journal.json') as { entries: { idx: number }[] };
    const newest = String(entries.at(-1)?.idx ?? 0).padStart(4, '0');
    const snapshot = read(`${newest}_snapshot.json`);
    const tables = {
      artifacts,
      classImageSets,
      galleryPosts,
      galleryPostSubjects,
      galleryVotes,
      guilds,
      outboxDeliveries,
      owedAnswers,
      photos,
      renditionDrafts,
      renditionSubjects,
      renditions,
      reports,
      subjectShares,
      subjects,
      trainingDrafts,
      trainingRuns,
      users,
    };
    const missing = await generateMigration(snapshot, generateDrizzleJson(tables, snapshot.id));
    expect(missing).toEqual([]);
  });
});
