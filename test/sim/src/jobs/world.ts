import { type JobSession, waitsFor } from '@yosugara/operations';
import { runIdOf } from '@yosugara/protocol';
import type { Rng } from '../rng.js';
import { Reference } from './reference.js';
import { BEGIN_MS, Site, type Violation } from './site.js';

/** Faults end, and then all must come to rest. */
const FAULTS_MS = 240_000;
const CALM_MS = 3_600_000;
const MAX_EVENTS = 400_000;
const LOOK_EVERY = 16;

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
}

interface Fault {
  readonly atMs: number;
  readonly name: string;
  readonly happen: (site: Site) => void;
}

const FAULTS: Readonly<Record<string, (site: Site, rng: Rng) => void>> = {
  'master-crash': (site, rng) => {
    const { master } = site;
    if (master === null) return;
    master.crash();
    const other = site.managers.find((each) => each !== master)!;
    site.world.after(rng.between(1_000, 15_000), () => {
      master.isUp = true;
      if (!other.isUp) site.takeOver(master);
    });
    if (other.isUp) site.takeOver(other);
  },
  'master-freeze': (site, rng) => {
    const { master } = site;
    if (master === null) return;
    master.freeze();
    site.world.after(rng.between(500, 20_000), () => master.thaw());
    const other = site.managers.find((each) => each !== master)!;
    if (other.isUp && rng.chance(0.8)) site.takeOver(other);
  },
  switchover: (site) => {
    const { master } = site;
    const other = site.managers.find((each) => each !== master)!;
    if (master === null || !other.isUp) return;
    master.demote();
    site.takeOver(other);
  },
  'agent-crash': (site, rng) => {
    const host = rng.pick(site.hosts);
    host.crash();
    site.world.after(rng.between(100, 10_000), () => host.restart());
  },
  'host-down': (site, rng) => {
    const host = rng.pick(site.hosts);
    host.powerOff();
    site.world.after(rng.between(1_000, 30_000), () => host.restart());
  },
  'disk-lost': (site, rng) => {
    const host = rng.pick(site.hosts);
    host.wipe();
    site.world.after(rng.between(1_000, 30_000), () => host.restart());
  },
  /** Between a claim and its launch: the moments that matter are short. */
  'at-a-start': (site, rng) => {
    const { master } = site;
    const edge = rng.pick(['master-crash', 'master-freeze', 'switchover', 'agent-crash', 'disk-lost', 'agent-cut']);
    if (master === null) return;
    master.onStartCheck = () => site.world.after(rng.between(0, 60), () => FAULTS[edge]!(site, rng));
  },
  'agent-cut': (site, rng) => site.cutOff(rng.pick(site.hosts), rng.between(100, 30_000)),
  doubles: (site, rng) => {
    site.doubles = 0.3;
    site.world.after(rng.between(5_000, 60_000), () => {
      site.doubles = 0;
    });
  },
  late: (site, rng) => {
    site.late = 0.3;
    site.world.after(rng.between(5_000, 60_000), () => {
      site.late = 0;
    });
  },
  people: (site) => site.operate(),
};

/** Some kinds of faults for a seed, often, rather than all kinds, seldom: swarm testing (Groce et al., ISSTA 2012). */
function drawFaults(rng: Rng): readonly Fault[] {
  const kinds = Object.keys(FAULTS).filter(() => rng.chance(0.4));
  const count = kinds.length === 0 ? 0 : Math.floor(rng.between(0, 14));
  const faults = Array.from({ length: count }, () => {
    const name = rng.pick(kinds);
    return { name, atMs: rng.between(0, FAULTS_MS), happen: (site: Site) => FAULTS[name]!(site, site.world.rng) };
  });
  return faults.sort((one, other) => one.atMs - other.atMs);
}

export interface RunOptions {
  readonly only?: readonly number[];
  readonly trace?: (line: string) => void;
}

/** One schedule, from its seed alone. */
export function runJobsSeed(seed: number, { only, trace }: RunOptions = {}): JobsOutcome {
  const site = new Site(seed, trace);
  const { world } = site;
  const { rng } = world;
  const faults = drawFaults(rng).filter((_, place) => only === undefined || only.includes(place));
  const count = 2 + Math.floor(rng.next() * 5);
  for (let at = 0; at < count; at++) {
    const [id, unit] = [`s${at + 1}`, `u${1 + Math.floor(rng.next() * site.units.size)}`];
    world.after(rng.between(0, FAULTS_MS * 0.6), () => site.want(id, unit));
  }
  site.takeOver(site.managers[0]!);
  for (const host of site.hosts) {
    host.isUp = false;
    host.restart();
  }
  for (const { atMs, name, happen } of faults)
    world.after(atMs, () => {
      world.trace(`fault: ${name}`);
      happen(site);
    });
  // At the end everybody is up, and somebody is Master.
  world.after(FAULTS_MS + 60_000, () => settle(site));
  play(site);
  if (site.violations.length === 0) judgeEnd(site);
  const sessions = [...site.database.sessions.values()];
  return {
    ...{ seed, violations: site.violations, faults: faults.map(({ name, atMs }) => `${name}@${Math.round(atMs)}`) },
    ...{ sessions: sessions.length, jobs: sessions.reduce((sum, { jobs }) => sum + jobs.size, 0) },
    ...{ executions: site.executions.length, takeOvers: site.takeOvers },
    judged: sessions.filter((session) => isPlain(site, session)).length,
    waitForPeople: sessions.filter(({ endedAtMs }) => endedAtMs === null).length,
  };
}

function settle(site: Site): void {
  site.doubles = 0;
  site.late = 0;
  for (const manager of site.managers) {
    manager.thaw();
    manager.isUp = true;
  }
  for (const host of site.hosts) host.restart();
  if (site.master === null) site.takeOver(site.managers[0]!);
}

function play(site: Site): void {
  const { world } = site;
  const untilMs = BEGIN_MS + CALM_MS;
  try {
    for (let events = 0; world.step(untilMs); events++) {
      if (events % LOOK_EVERY === 0) site.lookAtPlaces();
      if (site.violations.length > 0) return;
      if (events > MAX_EVENTS) return site.broken('ENDLESS', `${MAX_EVENTS} events by ${world.elapsedMs} ms`);
    }
  } catch (error) {
    site.broken('INVARIANT', error instanceof Error ? `${error.message} ${error.stack?.split('\n')[2]?.trim()}` : String(error));
  }
}

/** What must be so when nothing fails any more, and there was time. */
function judgeEnd(site: Site): void {
  for (const { id } of site.wanted)
    if (!site.database.sessions.has(id)) site.broken('LOST', `session ${id} was wanted, and never began`);
  for (const session of site.database.sessions.values()) {
    if (session.endedAtMs === null) judgeOpen(site, session);
    judgeResults(site, session);
    if (session.endedAtMs !== null && isPlain(site, session)) judgeOutcome(site, session);
  }
  judgeNews(site);
}

function envOf(site: Site) {
  return {
    ...{ nowMs: site.world.nowMs, epoch: site.database.epoch, isOpen: () => true, nodesOf: () => null, hasAgent: () => true },
    ...{ nodeJob: () => ({ priority: 16, multiplicity: 0 }), nodeValue: () => undefined, newestEnd: () => null },
    ...{ normalRuns: () => [], matches: () => false, links: () => [] },
  };
}

/** It ends, or says what it waits for: for people, who do nothing here, or for a session that waits for people. */
function judgeOpen(site: Site, session: JobSession): void {
  const waits = waitsFor(site.units.get(session.unit)!, session, envOf(site));
  if (waits.length === 0)
    site.broken('STUCK', `session ${session.id} is ${session.state}, and says of nothing that it waits for it`);
  if (site.touched.size > 0 || waits.some(({ needsPeople }) => needsPeople)) return;
  // Of another unit no session may ever have been wanted; a place may belong to a session that waits for people.
  if (waits.some(({ text }) => isOfNobody(site, text) || (text.includes('place') && waitsSomebody(site)))) return;
  site.broken(
    'STUCK',
    `session ${session.id} (${session.unit}) waits for ${waits.map(({ job, text }) => `${job}: ${text}`).join(', ')}`,
  );
}

function isOfNobody({ database }: Site, text: string): boolean {
  const [, job, unit] = /^(\S+) of (u\d+) to end/.exec(text) ?? [];
  return unit !== undefined && !database.ends.has(`${unit}/${job}`);
}

const waitsSomebody = (site: Site): boolean =>
  [...site.database.sessions.values()].some((session) =>
    waitsFor(site.units.get(session.unit)!, session, envOf(site)).some(({ needsPeople }) => needsPeople),
  );

/** What an agent may forget is in the database, and the run says it, too. */
function judgeNews(site: Site): void {
  for (const host of site.hosts) {
    if (!host.isQuiet && site.touched.size === 0) site.broken('STUCK', `agent ${host.name} still has runs or news`);
    host.news.slice(0, host.state.acked).forEach((news) => {
      if (news.kind === 'run-ended' && !site.database.outputs.has(news.end.run))
        site.broken('LOST', `the end of ${news.end.run} was acknowledged, and nobody has it`);
    });
  }
}

function judgeResults(site: Site, session: JobSession): void {
  for (const { job, nodes, state } of session.jobs.values()) {
    if (state === 'ended' && nodes.some((node) => node.state === 'unknown') && !site.touched.has(session.id))
      site.broken('UNKNOWN', `${job} of ${session.id} ended by itself, and nobody knows what became of one of its runs`);
    for (const { facility, attempt, state: nodeState, returnValue } of nodes) {
      const run = runIdOf({ session: session.id, unit: session.unit, job, facility, attempt });
      const execution = site.executions.find((each) => each.run === run);
      const end = site.database.outputs.get(run);
      if (nodeState === 'ended' && !site.touched.has(session.id)) {
        if (end?.outcome === 'lost') site.broken('UNKNOWN', `${run} was lost, and is said to have ended`);
        else if (execution === undefined) site.broken('LOST', `${run} is said to have ended, and never ran`);
        else if (end?.outcome === 'exited' && returnValue !== execution.code)
          site.broken('LOST', `${run} returned ${execution.code}, and is said to have returned ${returnValue}`);
      }
      if (end?.outcome === 'exited' && (nodeState === 'claimed' || nodeState === 'running'))
        site.broken('LOST', `${run} has ended, and is ${nodeState} in ${state} ${job}`);
      if (nodeState === 'not-started' && execution !== undefined && !site.touched.has(session.id))
        site.broken('LOST', `${run} ran, and is said not to have started`);
    }
  }
}

/** Nobody did anything in it, and no run of it was lost. */
function isPlain(site: Site, session: JobSession): boolean {
  if (site.touched.has(session.id)) return false;
  const runs = site.executions.filter(({ run }) => run.startsWith(`${session.id}/`));
  return runs.every(({ run }) => site.database.outputs.get(run)?.outcome === 'exited');
}

function judgeOutcome(site: Site, session: JobSession): void {
  const unit = site.units.get(session.unit)!;
  const outcomes = new Reference(unit, session.id, site.codeOf).outcomes();
  for (const [job, told] of outcomes) {
    const run = job === '' ? session : session.jobs.get(job)!;
    if (run.state === told.state && run.endStatus === told.status && run.endValue === told.value) continue;
    site.broken(
      'OUTCOME',
      `${session.id}/${session.unit}/${job || 'session'}: ${run.state} ${run.endStatus} ${run.endValue}, where the reference has ${told.state} ${told.status} ${told.value}`,
    );
    return;
  }
}
