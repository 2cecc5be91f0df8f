import type { Log, LogFields } from '@yosugara/kernel';
import { pino } from 'pino';

/** JSON lines on standard output, written at once: what a dying process said last is what is wanted. */
export function createLog(name: string): Log {
  const sink = pino(
    { name, level: process.env['YOSUGARA_LOG'] ?? 'info', timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ sync: true }),
  );
  const say =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}) =>
      sink[level]({ ...fields }, event);
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
