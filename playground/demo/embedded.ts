/**
 * @file The embedded mode as a process of its own, for tests that kill it. Its one argument is JSON: the options of
 * `startEmbedded` without functions. Prints `ready`, then log lines.
 */
import { createLogger } from '#db/logger.ts';
import { type EmbeddedOptions, startEmbedded } from './start-embedded.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Omit<EmbeddedOptions, 'logger' | 'onFatal'>;
const logger = createLogger({ level: 'info' });
const embedded = await startEmbedded({
  ...options,
  logger,
  onFatal(reason) {
    logger.fatal({ reason }, 'embedded');
    process.exit(1);
  },
});
process.stdout.write('ready\n');
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    embedded.close().then(() => process.exit(0));
  });
}
