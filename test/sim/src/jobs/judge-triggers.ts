import type { JobSession } from '@yosugara/operations';
import { BEGIN_MS, type Site } from './site.js';
import { FILED, LINKED, TICKED } from './triggers.js';

const MINUTE_MS = 60_000;

/** Whatever begins sessions begins one each, or says why not. */
export function judgeTriggers(site: Site): void {
  for (const id of site.schedules) judgeSchedule(site, id);
  if (site.settings.triggers.has('files')) judgeFiles(site);
  if (site.settings.triggers.has('links')) judgeLinks(site);
}

/** Every so many minutes, in whatever way that is written. */
function minutesOf(site: Site, trigger: string): number {
  const body = site.settings.triggers.get(trigger)!;
  if (body.type !== 'schedule') throw new Error(`${trigger} is no schedule`);
  const { schedule } = body;
  if (schedule.kind === 'interval') return schedule.minutes;
  return schedule.kind === 'hourly'
    ? schedule.everyMinutes
    : Number(/^\*\/(\d)/.exec((schedule as { expression: string }).expression)![1]);
}

/** When it is due until then, the beginning left out. */
export function duesOf(site: Site, trigger: string, untilMs: number): readonly number[] {
  const everyMs = minutesOf(site, trigger) * MINUTE_MS;
  const dues: number[] = [];
  for (let dueMs = BEGIN_MS + everyMs; dueMs <= untilMs; dueMs += everyMs) dues.push(dueMs);
  return dues;
}

interface Drop {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly message: string;
}

function dropsOf(site: Site, trigger: string): readonly Drop[] {
  const { database } = site;
  const results = [...database.results.values()].filter(({ sub, monitor }) => sub === 'dropped' && monitor === trigger);
  return results.map(({ id, message }) => {
    if (!database.events.has(id)) site.broken('TICKS', `nobody is told by an event: ${message}`);
    const times = [...message.matchAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g)].map(([text]) => Date.parse(text));
    const count = Number(/^(\d+) runs/.exec(message)?.[1] ?? 1);
    return { firstMs: times[0]!, lastMs: times[1] ?? times[0]!, count, message };
  });
}

function judgeSchedule(site: Site, trigger: string): void {
  const { database, people } = site;
  if (site.disabledAtMs === null) return site.broken('TICKS', 'schedules were never decided to the end');
  const sessions = [...database.sessions.values()].filter((session) => session.unit === TICKED && session.trigger.id === trigger);
  const drops = dropsOf(site, trigger);
  const dues = duesOf(site, trigger, site.disabledAtMs);
  const say = (dueMs: number) => `the run of ${trigger} at ${new Date(dueMs).toISOString().slice(11, 19)}`;
  for (const dueMs of dues) {
    const of = sessions.filter(({ scheduledAtMs }) => scheduledAtMs === dueMs);
    const dropped = drops.filter(({ firstMs, lastMs }) => dueMs >= firstMs && dueMs <= lastMs);
    const isTouched = of.some(({ id }) => people.touched.has(id));
    if (of.length + dropped.length === 0) site.broken('TICKS', `${say(dueMs)} became nothing`);
    else if (of.length > 1 || (of.length + dropped.length > 1 && !isTouched))
      site.broken(
        'TICKS',
        `${say(dueMs)} became ${of.length} sessions and ${dropped.length} events (${dropped.map(({ message }) => message).join('; ')})`,
      );
  }
  judgeLate(site, trigger, sessions);
  for (const { firstMs, lastMs, count, message } of drops) {
    const covered = dues.filter((dueMs) => dueMs >= firstMs && dueMs <= lastMs).length;
    if (covered !== count) site.broken('TICKS', `${covered} runs were dropped, and an event says: ${message}`);
  }
  for (const { id, scheduledAtMs } of sessions)
    if (!dues.includes(scheduledAtMs) && !people.touched.has(id))
      site.broken('TICKS', `session ${id} is for a time at which ${trigger} is not due`);
}

/** What is late begins as the schedule says: once for all, each, or not by itself. */
function judgeLate(site: Site, trigger: string, sessions: readonly JobSession[]): void {
  const body = site.settings.triggers.get(trigger)!;
  if (body.type !== 'schedule') return;
  const begun = sessions.filter(({ id, startedAtMs }) => startedAtMs !== null && !site.people.touched.has(id));
  const lateMs = ({ startedAtMs, scheduledAtMs }: JobSession) => startedAtMs! - scheduledAtMs;
  const byItself = begun.find((session) => lateMs(session) > MINUTE_MS && (body.late === 'skip' || body.late === 'ask'));
  if (byItself !== undefined)
    site.broken('TICKS', `session ${byItself.id} began ${lateMs(byItself)} ms late though its policy is ${body.late}`);
  if (body.late !== 'run') return;
  const times = begun.map(({ startedAtMs }) => startedAtMs);
  const twice = begun.find(({ startedAtMs }, at) => times.indexOf(startedAtMs) < at);
  if (twice !== undefined) site.broken('TICKS', `session ${twice.id} began together with another one that stands for it`);
}

/** Each file that an agent told of begins one session, or waits for its calendar. */
function judgeFiles(site: Site): void {
  const { database } = site;
  const key = (facility: unknown, name: unknown) => `${String(facility)}/${String(name)}`;
  const found = new Map<string, number>();
  const add = (what: string) => void found.set(what, (found.get(what) ?? 0) + 1);
  for (const { unit, variables } of database.sessions.values())
    if (unit === FILED) add(key(variables['FILE_FACILITY'], variables['FILENAME']));
  const state = database.marks.get('files')?.state as
    | { carried?: readonly { agent: string; seen: { name: string } }[] }
    | null
    | undefined;
  for (const { agent, seen } of state?.carried ?? []) add(key(agent, seen.name));
  for (const [what, many] of found) if (many > 1) site.broken('FILES', `the file ${what} became ${many} sessions`);
  for (const { name, news } of site.hosts)
    for (const each of news)
      if (each.kind === 'file' && each.task.startsWith('trigger/') && !found.has(key(name, each.name)))
        site.broken('FILES', `the file ${key(name, each.name)} was told of, and began nothing`);
}

/** Each message begins one session. */
function judgeLinks(site: Site): void {
  const { database } = site;
  for (const { id, messageId } of database.links.values()) {
    if (messageId !== 'begin') continue;
    const begun = [...database.sessions.values()].filter(({ unit, variables }) => unit === LINKED && variables['WHICH'] === id);
    if (begun.length !== 1) site.broken('LINKS', `message ${id} began ${begun.length} sessions`);
  }
}
