/** @file A logger for tests that read no logs. */
import { pino } from 'pino';

export const silentLogger = pino({ level: 'silent' });
