/** @file What every processor is given. Made once, in start.ts. */
import type { Logger } from 'pino';
import type { Database } from '#db/client.ts';
import type { MasterKey } from '#storage/keys.ts';
import type { Store } from '#storage/store.ts';
import type { WorkerSettings } from '../config.ts';
import type { BaseFacts } from '../dreambooth/base-checkpoint.ts';
import type { Engine } from '../engine/client.ts';

/** See the file's head. */
export interface ProcessorContext {
  readonly database: Database;
  readonly store: Store;
  readonly masterKey: MasterKey;
  readonly engine: Engine;
  readonly logger: Logger;
  readonly config: WorkerSettings;
  readonly base: BaseFacts & {
    /** Edge of the square pictures that the base was made for, pixels. */
    readonly size: number;
    /** Every side is a multiple of it, pixels. */
    readonly sideStep: number;
  };
}
