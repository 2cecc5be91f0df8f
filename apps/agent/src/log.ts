import { writeSync } from 'node:fs';
import type { Log, LogFields } from '@yosugara/kernel';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

/** JSON lines on standard output, written at once. */
export function createLog(level: string): Log {
  const least = Math.max(0, LEVELS.indexOf(level as Level));
  const say =
    (each: Level) =>
    (event: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(each) < least) return;
      try {
        writeSync(
          1,
          `${JSON.stringify({ level: each, time: new Date().toISOString(), name: 'agent', ...fields, msg: event })}\n`,
        );
      } catch {
        // Nobody reads it: that is no reason to end.
      }
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
