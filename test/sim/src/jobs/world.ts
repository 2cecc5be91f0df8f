import { drawFaults, FAULTS_MS, settle } from './faults.js';
import { isPlain, judgeEnd } from './judge.js';
import { duesOf } from './judge-triggers.js';
import { DROP, SOON } from './places.js';
import { BEGIN_MS, Site, type Violation } from './site.js';

/** Faults end, and then all must come to rest. */
const SETTLE_MS = FAULTS_MS + 60_000;
const CALM_MS = 5_400_000;
/** Nothing comes of itself any more after so long without any commit. */
const QUIET_MS = 200_000;
const SLICE_MS = 2_000;
const MAX_EVENTS = 1_000_000;

export interface JobsOutcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly faults: readonly string[];
  readonly sessions: number;
  readonly jobs: number;
  readonly executions: number;
  readonly takeOvers: number;
  /** Sessions that the reference model judged; the others met a lost run, or people. */
  readonly judged: number;
  readonly waitForPeople: number;
  /** Runs of schedules that were due. */
  readonly ticks: number;
  readonly dropped: number;
}

export interface RunOptions {
  readonly only?: readonly number[];
  readonly trace?: (line: string) => void;
}

/** One schedule, from its seed alone. */
export async function runJobsSeed(seed: number, { only, trace }: RunOptions = {}): Promise<JobsOutcome> {
  const site = new Site(seed, trace);
  const { world, database } = site;
  const faults = drawFaults(world.rng).filter((_, place) => only === undefined || only.includes(place));
  world.time.install();
  try {
    begin(site);
    for (const { atMs, name, happen } of faults)
      world.after(atMs, () => {
        world.trace(`fault: ${name}`);
        happen(site);
      });
    world.after(SETTLE_MS, () => settleDown(site));
    await play(site);
  } catch (error) {
    site.broken('INVARIANT', error instanceof Error ? `${error.message} ${error.stack?.split('\n')[2]?.trim()}` : String(error));
  } finally {
    world.time.restore();
  }
  if (site.violations.length === 0) judgeEnd(site);
  const sessions = [...database.sessions.values()];
  const ticks = site.schedules.reduce((sum, id) => sum + duesOf(site, id, site.disabledAtMs ?? BEGIN_MS).length, 0);
  return {
    ...{ seed, violations: site.violations, faults: faults.map(({ name, atMs }) => `${name}@${Math.round(atMs)}`) },
    ...{ sessions: sessions.length, jobs: sessions.reduce((sum, { jobs }) => sum + jobs.size, 0) },
    ...{ executions: site.executions.size, takeOvers: site.takeOvers, ticks },
    judged: sessions.filter((session) => session.endedAtMs !== null && isPlain(site, session)).length,
    waitForPeople: sessions.filter(({ endedAtMs }) => endedAtMs === null).length,
    dropped: [...database.results.values()].filter(({ sub }) => sub === 'dropped').length,
  };
}

function begin(site: Site): void {
  const { world, people } = site;
  const { rng } = world;
  const count = 2 + Math.floor(rng.next() * 5);
  for (let at = 1; at <= count; at++) {
    const unit = rng.pick(site.units);
    world.after(rng.between(0, FAULTS_MS * 0.6), () => people.want(`s${at}`, unit));
  }
  // What jobs wait for, and what begins sessions.
  for (let at = 1; at <= 3; at++) world.after(rng.between(0, FAULTS_MS), () => people.send(`x${at}`, `ext-${at}`));
  const begins = site.settings.triggers.has('links') ? Math.floor(rng.next() * 6) : 0;
  for (let at = 1; at <= begins; at++) world.after(rng.between(0, FAULTS_MS), () => people.send(`b${at}`, 'begin'));
  people.approve();
  people.release();
  files(site);
  site.takeOver(site.managers[0]!);
  for (const host of site.hosts) {
    host.isUp = false;
    host.restart();
  }
}

/** Files come all the time; those that begin sessions only while faults do. */
function files(site: Site): void {
  const { world, hosts } = site;
  let count = 0;
  const put = (directory: string) => {
    const content = Buffer.from(`file ${++count}`);
    for (const host of directory === SOON ? hosts : [world.rng.pick(hosts)])
      host.files.set(`${directory}/f${count}`, { content, modifiedAtMs: Math.floor(world.nowMs) });
  };
  const soon = () => {
    put(SOON);
    world.after(world.rng.between(5_000, 20_000), soon);
  };
  soon();
  if (!site.settings.triggers.has('files')) return;
  const drop = () => {
    if (world.elapsedMs > SETTLE_MS) return;
    put(DROP);
    world.after(world.rng.between(5_000, 60_000), drop);
  };
  world.after(10_000, drop);
}

function settleDown(site: Site): void {
  const { world, people } = site;
  world.trace('calm from now on');
  settle(site);
  const ask = (left: number) => {
    people.isCalm = true;
    // The second one while the first one is being stored.
    people.send(`p${left}`, 'probe');
    world.after(world.rng.between(0, 40), () => people.send(`q${left}`, 'probe'));
    if (left > 0) world.after(world.rng.between(200, 2_000), () => ask(left - 1));
  };
  world.after(40_000, () => ask(10));
  disableSchedules(site);
}

/** Between two runs, when all that was due is decided: what is not is gone with its schedule. */
function disableSchedules(site: Site): void {
  const { world, database, schedules } = site;
  const nowMs = world.nowMs;
  const inMinute = nowMs % 60_000;
  const isDecided = (id: string) => {
    const newest = duesOf(site, id, nowMs).at(-1);
    return newest === undefined || (database.marks.get(id)?.firedUpToMs ?? 0) >= newest;
  };
  if (inMinute < 15_000 || inMinute > 45_000 || !schedules.every(isDecided))
    return world.after(1_000, () => disableSchedules(site));
  site.disabledAtMs = nowMs;
  for (const id of schedules) site.settings.disable(id);
}

async function play(site: Site): Promise<void> {
  const { world, database } = site;
  const { time } = world;
  const isOver = () => site.violations.length > 0;
  let commits = -1;
  let sinceMs = 0;
  while (world.elapsedMs < CALM_MS && !isOver()) {
    await time.run(time.nowMs + SLICE_MS, isOver);
    if (time.events > MAX_EVENTS) return site.broken('ENDLESS', `${MAX_EVENTS} events by ${Math.round(world.elapsedMs)} ms`);
    if (database.commits !== commits) [commits, sinceMs] = [database.commits, world.elapsedMs];
    if (world.elapsedMs < SETTLE_MS + 65_000) continue;
    const isDone = database.open().length === 0 && site.hosts.every(({ isQuiet }) => isQuiet) && site.disabledAtMs !== null;
    if (isDone || world.elapsedMs - sinceMs > QUIET_MS) return;
  }
}
