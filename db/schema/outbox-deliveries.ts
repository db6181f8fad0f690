/** @file Table: what Discord must hear of. Written with the change itself, deleted never, delivered once a change. */
import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core';
import type { Outcome } from '../jobs/outcome.ts';
import { createdAt, id, instant, snowflake } from './columns.ts';

/** Rows whose end is told once. */
export const outcomeKinds = ['training', 'rendition'] as const;
/** See {@link outcomeKinds}. */
export type OutcomeKind = (typeof outcomeKinds)[number];

/** Rows that a message shows as they are now, again after each change. */
export const mirrorKinds = ['gallery-post', 'publish-request', 'report'] as const;
/** See {@link mirrorKinds}. */
export type MirrorKind = (typeof mirrorKinds)[number];

/** Which kind of row it is about. */
export const deliveryKinds = [...outcomeKinds, ...mirrorKinds] as const;
/** See {@link deliveryKinds}. */
export type DeliveryKind = (typeof deliveryKinds)[number];

export const deliveryStatuses = ['pending', 'sending', 'delivered', 'failed'] as const;
/** See {@link deliveryStatuses}. */
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export const outboxDeliveries = pgTable(
  'outbox_deliveries',
  {
    id: id(),
    kind: text('kind', { enum: deliveryKinds }).notNull(),
    /** Id of that row. */
    refId: uuid('ref_id').notNull(),
    channelId: snowflake('channel_id').notNull(),
    userId: snowflake('user_id').notNull(),
    /** The structured outcome; sentences are made where it is shown. Null for what is read from the row itself. */
    payload: jsonb('payload').$type<Outcome>(),
    status: text('status', { enum: deliveryStatuses }).notNull().default('pending'),
    /** How many times it was claimed; only the latest claim may report. */
    attempts: integer('attempts').notNull().default(0),
    /** How many attempts in a row failed since the last change. */
    failures: integer('failures').notNull().default(0),
    nextAttemptAt: instant('next_attempt_at').notNull().defaultNow(),
    claimedUntil: instant('claimed_until'),
    /** Discord drops a second message with the same nonce; at most 25 characters. */
    nonce: text('nonce').notNull().unique('outbox_deliveries_nonce_unique'),
    messageId: snowflake('message_id'),
    lastErrorCode: text('last_error_code'),
    createdAt: createdAt(),
    deliveredAt: instant('delivered_at'),
  },
  (table) => [
    unique('outbox_deliveries_ref_unique').on(table.kind, table.refId),
    // Of reported messages.
    index('outbox_deliveries_message')
      .on(table.messageId)
      .where(sql`${table.messageId} is not null`),
    index('outbox_deliveries_due')
      .on(table.nextAttemptAt)
      .where(sql`${table.status} in ('pending', 'sending')`),
  ],
);

export type OutboxDelivery = typeof outboxDeliveries.$inferSelect;
