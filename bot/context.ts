/** @file What every handler of an interaction may use. Made once, in start.ts. */
import type { Logger } from 'pino';
import type { Db } from '#db/client.ts';
import type { TrainSettings } from '#db/jobs/train-subject.ts';
import type { JobQueue } from '#db/queue.ts';
import type { MasterKey } from '#storage/keys.ts';
import type { Store } from '#storage/store.ts';
import type { ClassNouns } from './class-nouns.ts';
import type { BasePresets } from './presets.ts';
import type { RenditionLimits } from './rendition-limits.ts';
import type { ListedCommand } from './views/help.ts';

/** See the file's head. */
export interface BotContext {
  readonly db: Db;
  readonly queue: JobQueue;
  readonly store: Store;
  readonly masterKey: MasterKey;
  readonly logger: Logger;
  readonly classNouns: ClassNouns;
  readonly presets: BasePresets;
  /** Hosts and loopback origins from which photos are fetched. */
  readonly attachmentHosts: readonly string[];
  /** Settings of trainings that the deployment, not the user, chose. */
  readonly trainSettings: Partial<TrainSettings>;
  readonly renditionLimits: RenditionLimits;
  /** Every command there is, with its id where Discord tells it. */
  listCommands(): Promise<readonly ListedCommand[]>;
  /** Shows a new or changed training now instead of at the next look. */
  showProgress(): void;
  /** Removes what was deleted now instead of at the next sweep. */
  tidy(): void;
  /** Delivers a new outcome now instead of at the next look. */
  deliver(): void;
}
