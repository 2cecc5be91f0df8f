import { type JobSession, waitsFor } from '@yosugara/operations';
import { runIdOf } from '@yosugara/protocol';
import { judgeTriggers } from './judge-triggers.js';
import { SOON } from './places.js';
import { Reference } from './reference.js';
import type { Site } from './site.js';

/** Of one that asks a Master in calm times: what is under way is stored, and then it is its turn. */
const PROMPT_MS = 200;

/** What must be so when nothing fails any more, and there was time. */
export function judgeEnd(site: Site): void {
  const { database, people } = site;
  for (const request of people.wanted)
    if (!database.requests.has(request)) site.broken('LOST', `session ${request} was wanted, and never began`);
  for (const id of people.said)
    if (!database.links.has(id)) site.broken('LOST', `message ${id} was said to be stored, and is not`);
  for (const session of database.sessions.values()) {
    if (session.endedAtMs === null) judgeOpen(site, session);
    judgeRuns(site, session);
    judgeRest(site, session);
    judgeHolds(site, session);
    judgeTimes(site, session);
    judgeCopies(site, session);
    judgeSeen(site, session);
    if (session.endedAtMs !== null && isPlain(site, session)) judgeOutcome(site, session);
  }
  judgeNews(site);
  judgeTriggers(site);
  judgeOperations(site);
  if (people.slowestMs > PROMPT_MS)
    site.broken('PROMPT', `somebody who asked in calm times waited for ${Math.round(people.slowestMs)} ms`);
}

function envOf(site: Site) {
  return {
    ...{ nowMs: site.world.nowMs, epoch: site.database.epoch, isOpen: () => true, nodesOf: () => null, hasAgent: () => true },
    ...{ nodeJob: () => ({ priority: 16, multiplicity: 0 }), nodeValue: () => undefined, newestEnd: () => null },
    ...{ normalRuns: () => [], matches: () => false, links: () => [] },
  };
}

const waitsOf = (site: Site, session: JobSession) => waitsFor(site.settings.unit(session), session, envOf(site));

/** It ends, or says what it waits for: for people, who do nothing here, or for a session that waits for people. */
function judgeOpen(site: Site, session: JobSession): void {
  const waits = waitsOf(site, session);
  if (waits.length === 0)
    site.broken('STUCK', `session ${session.id} is ${session.state}, and says of nothing that it waits for it`);
  if (site.people.touched.size > 0 || waits.some(({ needsPeople }) => needsPeople)) return;
  // Of another unit no session may ever have been wanted; a place may belong to a session that waits for people.
  if (waits.some(({ text }) => isOfNobody(site, text) || (text.includes('place') && waitsSomebody(site)))) return;
  site.broken(
    'STUCK',
    `session ${session.id} (${session.unit}) waits for ${waits.map(({ job, text }) => `${job}: ${text}`).join(', ')}`,
  );
}

function isOfNobody({ database }: Site, text: string): boolean {
  const [, job, unit] = /^(\S+) of (u\d+) to end/.exec(text) ?? [];
  return unit !== undefined && database.pastEnds(unit, job!).length === 0;
}

const waitsSomebody = (site: Site): boolean =>
  site.database.open().some((session) => waitsOf(site, session).some(({ needsPeople }) => needsPeople));

/** Agents have nothing more to tell, and what was acknowledged is in the database. */
function judgeNews(site: Site): void {
  for (const { name, spool, state, news } of site.hosts) {
    const stored = site.database.spool(name, spool);
    if (stored < state.acked)
      site.broken('LOST', `${name} had its news up to ${state.acked} acknowledged, and ${stored} are stored`);
    if (stored < news.length) site.broken('STUCK', `${name} has ${news.length} news, of which ${stored} are stored`);
  }
}

/** What is said of each run is what it did. */
function judgeRuns(site: Site, session: JobSession): void {
  const { database, executions } = site;
  const isTouched = site.people.touched.has(session.id);
  const unit = site.settings.unit(session);
  for (const { job, state, nodes } of session.jobs.values()) {
    if (unit.jobs.get(job)!.body.type !== 'command') continue;
    if (state === 'ended' && nodes.some((node) => node.state === 'unknown') && !isTouched)
      site.broken('UNKNOWN', `${job} of ${session.id} ended by itself, and nobody knows what became of one of its runs`);
    for (const { facility, attempt, state: nodeState, returnValue, message } of nodes) {
      const run = runIdOf({ session: session.id, unit: session.unit, job, facility, attempt });
      const execution = executions.get(run);
      const isOver = database.outputs.has(run);
      if (nodeState === 'ended' && !isTouched) {
        if (execution === undefined) site.broken('LOST', `${run} is said to have ended, and never ran`);
        else if (message.includes('nobody knows')) site.broken('UNKNOWN', `${run} was lost, and is said to have ended`);
        else if (returnValue !== execution.code)
          site.broken('LOST', `${run} returned ${execution.code}, and is said to have returned ${returnValue}`);
      }
      if (isOver && execution !== undefined && (nodeState === 'claimed' || nodeState === 'running'))
        site.broken('LOST', `${run} has ended, and is ${nodeState} in ${state} ${job}`);
      if (nodeState === 'not-started' && execution !== undefined && !isTouched)
        site.broken('LOST', `${run} ran, and is said not to have started`);
    }
  }
}

/** Nobody did anything in it, no run of it was lost, and nothing that it copied was broken off. */
export function isPlain(site: Site, session: JobSession): boolean {
  if (site.people.touched.has(session.id)) return false;
  for (const { nodes } of session.jobs.values()) if (nodes.some(({ state }) => state === 'unknown')) return false;
  if (hasLost(site, session.id)) return false;
  const unit = site.settings.unit(session);
  const copies = [...unit.jobs.values()].some(({ body }) => body.type === 'file-transfer');
  return (
    !copies || !site.copyTroubles.some((atMs) => atMs >= session.startedAtMs! - 10_000 && atMs <= session.endedAtMs! + 10_000)
  );
}

/** Lost runs are told in the history: of a run that came before, nothing else is left. */
function hasLost({ database, executions }: Site, session: string): boolean {
  for (const { run } of executions.values()) if (run.startsWith(`${session}/`) && !database.exited.has(run)) return true;
  return false;
}

function judgeOutcome(site: Site, session: JobSession): void {
  const unit = site.settings.unit(session);
  const outcomes = new Reference(unit, session.id, site.fate).outcomes();
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

/** In what is over or stopped nothing is under way, whatever people did and whenever something was heard of. */
function judgeRest(site: Site, session: JobSession): void {
  const unit = site.settings.unit(session);
  const isOver = session.endedAtMs !== null || session.state === 'stopped';
  for (const { job, state } of session.jobs.values()) {
    if (!UNDER_WAY.has(state)) continue;
    const nets = unit.jobs.get(job)!.within.flatMap((net) => session.jobs.get(net) ?? []);
    const around = nets.find((net) => net.endedAtMs !== null || net.state === 'stopped');
    if (isOver) site.broken('REST', `${job} is ${state} in session ${session.id}, which is ${session.state}`);
    else if (around !== undefined)
      site.broken('REST', `${job} of ${session.id} is ${state} in ${around.job}, which is ${around.state}`);
  }
}

const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'queued', 'stopping', 'suspended']);

/** What is held from its start begins when somebody lets it go, and not before. */
function judgeHolds(site: Site, session: JobSession): void {
  const { people } = site;
  if (people.touched.has(session.id)) return;
  const unit = site.settings.unit(session);
  for (const { job, startedAtMs } of session.jobs.values())
    if (startedAtMs !== null && unit.jobs.get(job)!.body.hold && !people.released.has(`${session.id}/${job}`))
      site.broken('HELD', `${job} of ${session.id} began, and nobody let it go`);
}

/** Nothing began before a time that it had to wait for. */
function judgeTimes(site: Site, session: JobSession): void {
  if (site.people.touched.has(session.id) || session.startedAtMs === null) return;
  const unit = site.settings.unit(session);
  for (const run of session.jobs.values()) {
    const { wait } = unit.jobs.get(run.job)!;
    if (run.startedAtMs === null || (wait.groups.length > 1 && wait.operator === 'or')) continue;
    for (const { operator, conditions } of wait.groups)
      for (const each of conditions) {
        if ((each.kind !== 'time' && each.kind !== 'elapsed') || (operator === 'or' && conditions.length > 1)) continue;
        const atMs =
          each.kind === 'elapsed'
            ? session.startedAtMs + each.minutes * 60_000
            : Date.parse(`${new Date(session.scheduledAtMs).toISOString().slice(0, 10)}T${each.at}:00Z`);
        if (run.startedAtMs < atMs)
          site.broken('TIME', `${run.job} of ${session.id} began ${atMs - run.startedAtMs} ms before it was its time`);
      }
  }
}

/** Where each node is to see a file, each has. */
function judgeSeen(site: Site, session: JobSession): void {
  if (site.people.touched.has(session.id)) return;
  const unit = site.settings.unit(session);
  for (const { job, state, nodes } of session.jobs.values()) {
    const { body } = unit.jobs.get(job)!;
    if (body.type !== 'file-check' || body.file.directory !== SOON || body.satisfiedBy === 'any' || state !== 'ended') continue;
    const blind = nodes.find((node) => node.state !== 'ended');
    if (blind !== undefined) site.broken('SEEN', `${job} of ${session.id} ended, and ${blind.facility} saw no file`);
  }
}

/** What is said to be copied is there, and the same. */
function judgeCopies(site: Site, session: JobSession): void {
  if (site.people.touched.has(session.id)) return;
  const unit = site.settings.unit(session);
  for (const { job, nodes } of session.jobs.values()) {
    const { body } = unit.jobs.get(job)!;
    if (body.type !== 'file-transfer') continue;
    const source = site.hosts.find(({ name }) => name === body.source.facility)!;
    const to = body.target.directory.replace('#[SESSION_ID]', session.id);
    for (const { facility, state, returnValue } of nodes.slice(1)) {
      if (state !== 'ended' || returnValue !== 0) continue;
      const target = site.hosts.find(({ name }) => name === facility)!;
      for (const [path, { content }] of source.files) {
        if (!path.startsWith(`${body.source.directory}/`)) continue;
        const copy = target.files.get(`${to}${path.slice(body.source.directory.length)}`);
        if (copy === undefined || !copy.content.equals(content))
          site.broken('COPY', `${path} of ${source.name} is said to be on ${facility} in ${to}, and is not`);
      }
    }
  }
}

/** Who was told that it is done finds it in the history; who was told that it is not, does not. */
function judgeOperations(site: Site): void {
  const { database, people } = site;
  const told = new Set(database.history.map(({ who }) => who));
  for (const [by, answer] of people.operated) {
    if (answer === 'done' && !told.has(by)) site.broken('OPERATED', `what ${by} did is nowhere in the history`);
    if (answer === 'refused' && by.startsWith('ada') && told.has(by))
      site.broken('OPERATED', `what ${by} wanted was refused and done`);
  }
}
