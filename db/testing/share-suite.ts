/** @file The tests of sharing, as one body that runs on PGlite and on Postgres. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Db } from '../client.ts';
import { migrateDatabase } from '../migrate.ts';
import type { Asker, Grantee } from '../queries/grantees.ts';
import { findDelivery } from '../queries/outbox-deliveries.ts';
import { startRenditionAttempt } from '../queries/rendition-attempts.ts';
import { countSubjectUses } from '../queries/rendition-subjects.ts';
import { getRendition } from '../queries/renditions.ts';
import {
  findSubjectByName,
  findUsableSubject,
  listShares,
  revokeShares,
  shareSubject,
} from '../queries/shares.ts';
import { softDeleteSubject } from '../queries/subject-deletion.ts';
import { searchOwnSubjects, searchUsableSubjects } from '../queries/subject-search.ts';
import { upsertUser } from '../queries/users.ts';
import { subjects } from '../schema/subjects.ts';
import { insertReadySubject, insertRendition, insertTraining, makeSnowflake } from './rows.ts';

/**
 * Declares the tests.
 *
 * @param open opens an empty database; the suite migrates and closes it
 */
export function describeShares(name: string, open: () => Promise<Database>): void {
  describe(`sharing on ${name}`, () => {
    let database: Database;
    let db: Db;

    beforeAll(async () => {
      database = await open();
      await migrateDatabase(database, { queue: false });
      db = database.db;
    }, 600_000);
    afterAll(() => database?.close());

    const makeAsker = (changes: Partial<Asker> = {}): Asker => ({
      userId: makeSnowflake(),
      guildId: makeSnowflake(),
      roleIds: [makeSnowflake(), makeSnowflake()],
      ...changes,
    });
    const insertShared = async (grantees: readonly Grantee[], name?: string) => {
      const { subject, artifactId } = await insertReadySubject(db, name ? { name } : {});
      const owned = { subjectId: subject.id, ownerId: subject.ownerId };
      await shareSubject(db, owned, grantees);
      return { subject, artifactId, owned };
    };
    /** Asks for a picture as the bot does, and says so where it may not. */
    const imagine = async (asker: Asker, subjectId: string) => {
      const usable = await findUsableSubject(db, asker, subjectId);
      if (!usable) throw new Error('may not');
      const artifactId = usable.subject.currentArtifactId;
      return insertRendition(db, {
        userId: asker.userId,
        guildId: asker.guildId,
        subjectId,
        artifactId,
        uses: [{ subjectId, artifactId, grantees: usable.grantees }],
      });
    };

    const asker = { userId: '11', guildId: '22', roleIds: ['33', '34'] };
    it.each<[string, Grantee[], Partial<Asker>, string | undefined]>([
      ['nobody else, while it is private', [], {}, undefined],
      ['the named user', [{ kind: 'user', id: '11' }], {}, 'user'],
      [
        'the named user in direct messages',
        [{ kind: 'user', id: '11' }],
        { guildId: null },
        'user',
      ],
      ['no other user', [{ kind: 'user', id: '12' }], {}, undefined],
      ['those with the role', [{ kind: 'role', id: '34' }], {}, 'role'],
      ['nobody without the role', [{ kind: 'role', id: '35' }], {}, undefined],
      [
        'nobody outside the server of the role',
        [{ kind: 'role', id: '34' }],
        { guildId: null },
        undefined,
      ],
      ['the server', [{ kind: 'guild', id: '22' }], {}, 'guild'],
      ['no other server', [{ kind: 'guild', id: '23' }], {}, undefined],
      ['no server in direct messages', [{ kind: 'guild', id: '22' }], { guildId: null }, undefined],
      ['everyone', [{ kind: 'everyone' }], { guildId: null }, 'everyone'],
      ['by the nearest of several', [{ kind: 'everyone' }, { kind: 'role', id: '33' }], {}, 'role'],
      // An id that looks like another kind of grantee is still a user's.
      ['nobody by a name that is no id', [{ kind: 'user', id: '22' }], {}, undefined],
    ])('a subject is for %s', async (_, grantees, changes, access) => {
      const { subject } = await insertShared(grantees);
      const where = { ...asker, ...changes };
      expect((await findUsableSubject(db, where, subject.id))?.access).toBe(access);
      expect((await findSubjectByName(db, where, subject.name.toUpperCase()))?.access).toBe(access);
      const found = await searchUsableSubjects(db, { ...where, query: subject.name });
      expect(found.map((one) => one.access)).toEqual(access === undefined ? [] : [access]);
    });

    it('a subject is for its owner, trained or not, and for others only once it is ready', async () => {
      const { subject } = await insertTraining(db);
      await shareSubject(db, { subjectId: subject.id, ownerId: subject.ownerId }, [
        { kind: 'everyone' },
      ]);
      const owner = makeAsker({ userId: subject.ownerId });
      expect((await findUsableSubject(db, owner, subject.id))?.access).toBe('mine');
      expect((await findSubjectByName(db, owner, subject.name))?.access).toBe('mine');
      expect(await findUsableSubject(db, makeAsker(), subject.id)).toBeUndefined();
      expect(await findSubjectByName(db, makeAsker(), subject.name)).toBeUndefined();
    });

    it('a name is mine first, then from the nearest share', async () => {
      const me = makeAsker();
      const shared: [Grantee, string][] = [
        [{ kind: 'everyone' }, 'everyone'],
        [{ kind: 'guild', id: me.guildId ?? '' }, 'guild'],
        [{ kind: 'role', id: me.roleIds[1] ?? '' }, 'role'],
        [{ kind: 'user', id: me.userId }, 'user'],
      ];
      for (const [grantee, access] of shared) {
        await insertShared([grantee], 'Mascot');
        expect((await findSubjectByName(db, me, ' mascot '))?.access).toBe(access);
      }
      await insertReadySubject(db, { userId: me.userId, name: 'MASCOT' });
      expect((await findSubjectByName(db, me, 'mascot'))?.access).toBe('mine');
    });

    it('only the owner shares and takes back; twice is once', async () => {
      const { subject, owned } = await insertShared([{ kind: 'everyone' }]);
      const stranger = { ...owned, ownerId: makeSnowflake() };
      expect(await shareSubject(db, stranger, [{ kind: 'user', id: '1' }])).toBeUndefined();
      expect(await revokeShares(db, stranger, 'all')).toBeUndefined();
      await shareSubject(db, owned, [{ kind: 'everyone' }, { kind: 'user', id: '1' }]);
      const grantees = (await listShares(db, subject.id)).map(({ grantee }) => grantee);
      expect(grantees).toEqual(['everyone', 'user:1']);
      expect((await revokeShares(db, owned, [{ kind: 'role', id: '1' }]))?.revoked).toEqual([]);
      expect((await revokeShares(db, owned, 'all'))?.revoked).toHaveLength(2);
    });

    it('a new name reaches the shares', async () => {
      const { subject } = await insertShared([{ kind: 'everyone' }], 'Before the change');
      await db
        .update(subjects)
        .set({ name: 'Afterwards', nameKey: 'afterwards' })
        .where(eq(subjects.id, subject.id));
      expect(await findSubjectByName(db, makeAsker(), 'before the change')).toBeUndefined();
      expect((await findSubjectByName(db, makeAsker(), 'Afterwards'))?.subject.id).toBe(subject.id);
    });

    it('taking a share back ends waiting uses that no share allows any more, and no others', async () => {
      const me = makeAsker();
      const role = { kind: 'role', id: me.roleIds[0] ?? '' } as const;
      const guild = { kind: 'guild', id: me.guildId ?? '' } as const;
      const { subject, owned } = await insertShared([role, guild]);
      const byBoth = await imagine(me, subject.id);
      const byGuild = await imagine(makeAsker({ guildId: me.guildId, roleIds: [] }), subject.id);
      const running = await imagine(makeAsker({ guildId: me.guildId }), subject.id);
      await startRenditionAttempt(db, running.id);
      const own = await imagine(makeAsker({ userId: subject.ownerId }), subject.id);

      expect(await revokeShares(db, owned, [guild])).toMatchObject({
        revoked: [guild],
        stopped: 1,
      });
      expect(await getRendition(db, byGuild.id)).toMatchObject({
        status: 'failed',
        failureCode: 'SUBJECT_NOT_SHARED',
      });
      expect((await findDelivery(db, 'rendition', byGuild.id))?.payload).toMatchObject({
        code: 'SUBJECT_NOT_SHARED',
      });
      expect(await findUsableSubject(db, me, subject.id)).toMatchObject({ access: 'role' });
      expect(await revokeShares(db, owned, 'all')).toMatchObject({ revoked: [role], stopped: 1 });
      const statuses = [byBoth, running, own].map(
        async ({ id }) => (await getRendition(db, id))?.status,
      );
      expect(await Promise.all(statuses)).toEqual(['failed', 'running', 'queued']);
      expect(await findUsableSubject(db, me, subject.id)).toBeUndefined();
    });

    it('a use that was asked for while its share was taken back does not start', async () => {
      const me = makeAsker();
      const { subject, owned } = await insertShared([{ kind: 'user', id: me.userId }]);
      const usable = await findUsableSubject(db, me, subject.id);
      await revokeShares(db, owned, 'all');
      const { id: subjectId, currentArtifactId: artifactId } = subject;
      const uses = [{ subjectId, artifactId, grantees: usable?.grantees ?? [] }];
      const rendition = await insertRendition(db, { userId: me.userId, uses });
      expect(await startRenditionAttempt(db, rendition.id)).toEqual({
        started: false,
        reason: 'not-shared',
      });
      expect((await findDelivery(db, 'rendition', rendition.id))?.payload).toMatchObject({
        code: 'SUBJECT_NOT_SHARED',
      });
    });

    it('a subject with another in the picture ends it when either is no longer shared', async () => {
      const me = makeAsker();
      const { subject: mine } = await insertReadySubject(db, { userId: me.userId });
      const { subject: other, owned } = await insertShared([{ kind: 'everyone' }]);
      const uses = [
        { subjectId: mine.id, artifactId: null, grantees: [] },
        { subjectId: other.id, artifactId: null, grantees: ['everyone'] },
      ];
      const make = async () =>
        (await insertRendition(db, { userId: me.userId, subjectId: mine.id, uses })).id;
      const revoked = await make();
      expect((await revokeShares(db, owned, 'all'))?.stopped).toBe(1);
      expect((await getRendition(db, revoked))?.failureCode).toBe('SUBJECT_NOT_SHARED');
      await shareSubject(db, owned, [{ kind: 'everyone' }]);
      const deleted = await make();
      await softDeleteSubject(db, owned);
      expect((await getRendition(db, deleted))?.status).toBe('cancelled');
    });

    it('a deleted subject is shared with nobody', async () => {
      const { subject, owned } = await insertShared([{ kind: 'everyone' }]);
      await softDeleteSubject(db, owned);
      expect(await findUsableSubject(db, makeAsker(), subject.id)).toBeUndefined();
      expect(await listShares(db, subject.id)).toEqual([]);
      expect(await shareSubject(db, owned, [{ kind: 'everyone' }])).toBeUndefined();
    });

    it('the owner learns who used it, and how often', async () => {
      const { subject } = await insertShared([{ kind: 'everyone' }]);
      expect(await countSubjectUses(db, subject)).toEqual({ total: 0, users: 0, top: [] });
      const [often, once] = [makeAsker(), makeAsker()];
      for (const who of [often, once, often, makeAsker({ userId: subject.ownerId })]) {
        await imagine(who, subject.id);
      }
      expect(await countSubjectUses(db, subject)).toMatchObject({
        total: 3,
        users: 2,
        top: [
          { userId: often.userId, count: 2, lastAt: expect.any(Date) },
          { userId: once.userId, count: 1 },
        ],
      });
      expect((await countSubjectUses(db, subject, 1)).top).toHaveLength(1);
    });

    it('a name being typed is found by its beginning first, then by any part; wildcards are plain text', async () => {
      const me = makeAsker();
      const { userId, guildId } = me;
      for (const name of ['Rex', 'Tyrannosaurus rex', 'Rexona', '100% wool', 'a_b', 'axb']) {
        await insertReadySubject(db, { userId, guildId, name });
      }
      const guild = { kind: 'guild', id: guildId ?? '' } as const;
      await insertShared([guild, { kind: 'user', id: userId }], 'Rexburg');
      await insertShared([guild], 'Anorexia');
      await insertShared([guild], 'Rex of this server');
      await insertTraining(db, { userId, guildId, name: 'Rex in training' });
      const search = async (query: string) =>
        (await searchUsableSubjects(db, { ...me, query })).map(({ subject }) => subject.name);
      expect(await search('REX')).toEqual([
        'Rex',
        'Rexona',
        'Tyrannosaurus rex',
        'Rexburg',
        'Rex of this server',
        'Anorexia',
      ]);
      const own = await searchOwnSubjects(db, { ownerId: userId, query: 'rex' });
      expect(own.map((subject) => subject.name)).toEqual([
        'Rex',
        'Rex in training',
        'Rexona',
        'Tyrannosaurus rex',
      ]);
      expect(await search('100%')).toEqual(['100% wool']);
      expect(await search('a_')).toEqual(['a_b']);
      expect(await search('\\')).toEqual([]);
    });

    it('a name being typed is looked up through indexes, at most 25 at a time', async () => {
      const me = makeAsker();
      await upsertUser(db, { id: me.userId });
      await upsertUser(db, { id: '77' });
      const insert = (ownerId: string, prefix: string) =>
        db.execute(
          sql`insert into subjects (id, owner_id, name, name_key, class_noun, status)
              select gen_random_uuid(), ${ownerId}, ${prefix}::text || n, lower(${prefix}::text) || n, 'dog', 'ready'
              from generate_series(1, 3000) n`,
        );
      await insert(me.userId, 'N');
      await insert('77', 'M');
      await db.execute(
        sql`insert into subject_shares (subject_id, name_key, grantee)
            select id, name_key, ${`guild:${me.guildId}`} from subjects where owner_id = '77'`,
      );
      await db.execute(sql`analyze subjects`);
      await db.execute(sql`analyze subject_shares`);
      const names = async (query: string) =>
        (await searchUsableSubjects(db, { ...me, query })).map(({ subject }) => subject.name);
      expect((await names('N12')).slice(0, 3)).toEqual(['N12', 'N120', 'N1200']);
      expect((await names('M12')).slice(0, 3)).toEqual(['M12', 'M120', 'M1200']);
      for (const query of ['', 'N', '12']) expect(await names(query)).toHaveLength(25);
    });
  });
}
