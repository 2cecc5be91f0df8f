import type { Rng } from '../rng.js';
import { DROP, SCOPE } from './places.js';
import type { Settings } from './settings.js';

/** What sessions of triggers do: little. */
export const TICKED = 'ticked';
export const FILED = 'filed';
export const LINKED = 'linked';

const little = (id: string, facility: string) => ({
  ...{ name: id, timeZone: 'UTC', notify: { notifications: ['tell'], begin: 'info' } },
  jobs: [{ type: 'command', id: 'j1', facility, command: 'run j1', agentRetry: { attempts: 10, end: null } }],
});

/** Each kind of trigger in some of the seeds. @returns ids of the schedules. */
export function randomTriggers(rng: Rng, settings: Settings, atMs: number): readonly string[] {
  settings.putUnit(TICKED, little(TICKED, rng.pick(['n1', 'n2'])));
  settings.putUnit(FILED, little(FILED, 'n1'));
  settings.putUnit(LINKED, little(LINKED, 'n2'));
  if (rng.chance(0.4)) {
    // Closed at odd minutes: what is seen then waits.
    const rows = Array.from({ length: 20 }, (_, at) => ({ from: `01:${two(2 * at)}`, to: `01:${two(2 * at + 1)}` }));
    settings.put('calendar', 'even', { timeZone: 'UTC', rows });
    const carries = rng.chance(0.5);
    const more = carries ? { calendar: 'even', carryOver: true } : {};
    const file = { directory: DROP, name: 'f.*', notInUse: false };
    settings.putTrigger('files', { type: 'file-check', unit: FILED, facility: SCOPE, file, ...more }, atMs);
  }
  if (rng.chance(0.4)) settings.putTrigger('links', { type: 'link-receive', unit: LINKED, messageId: 'begin' }, atMs);
  const schedules = Array.from({ length: rng.chance(0.5) ? 1 + Math.floor(rng.next() * 2) : 0 }, (_, at) => `t${at + 1}`);
  for (const id of schedules)
    settings.putTrigger(id, { type: 'schedule', unit: TICKED, timeZone: 'UTC', ...randomSchedule(rng) }, atMs);
  return schedules;
}

const two = (minute: number): string => String(minute).padStart(2, '0');

function randomSchedule(rng: Rng): object {
  const minutes = rng.pick([1, 1, 2, 3]);
  const schedule = rng.pick([
    { kind: 'interval', minutes },
    { kind: 'hourly', fromMinute: 0, everyMinutes: minutes },
    { kind: 'cron', expression: `*/${minutes} * * * *` },
  ]);
  return {
    ...{ schedule, late: rng.pick(['run', 'run-each', 'skip', 'ask']), lateUpToMinutes: rng.pick([1, 2, 60]) },
    premakeHours: minutes === 3 && rng.chance(0.7) ? 1 : 0,
  };
}
