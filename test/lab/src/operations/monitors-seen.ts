import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { isPolled, MONITOR_TYPES } from '@yosugara/protocol';
import { TestAuthority } from '@yosugara/testkit';
import { type SettingDocument } from '../cluster/cluster.js';
import { type DataName, PLACES } from '../cluster/layout.js';
import { rolesOf } from '../cluster/roles.js';
import { WORKSPACE } from '../host/assets.js';
import type { Stage } from '../scenarios/types.js';
import { ManagedHost } from './managed-host.js';
import { type SeenEvent, SeenEvents } from './seen-events.js';
import { type Seen, seenPage } from './seen-page.js';
import { bodyOf, type Stand, versionOf, WATCHED_NODE, type Watched } from './stand.js';
import { standsOf } from './stands.js';

const INTERVAL_S = 10;
export const SEEN_FILE = 'docs/monitors-seen.md';
/** There is no Windows here. */
const NOT_HERE: readonly string[] = ['windows-service', 'windows-event'];

const isUp = ({ priority }: SeenEvent) => priority === 'info';
const isDown = (event: SeenEvent) => !isUp(event);
const watchedOf = (stands: readonly Stand[]): readonly Watched[] => stands.flatMap(({ watched }) => watched);

/** Each type of monitor sees a real program of Debian's that is there, is not, and is there again. @throws Error one did not. */
export async function seeMonitors(stage: Stage): Promise<void> {
  const { cluster, say, runTag, only } = stage;
  const { master } = rolesOf(await cluster.waitHealthy(10_000));
  const load = `load ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`;
  const stands = await startStands(stage, master);
  const all = watchedOf(stands);
  if (only.length === 0) demandTypes(all);
  // Of its own: on a cluster that saw all this before, what comes first is told all the same.
  const notification = `seen-${runTag.split('/').at(-1)}`;
  const [heard, asked] = [stands.filter(({ isHeard }) => isHeard), stands.filter(({ isHeard }) => !isHeard)];
  const events = new SeenEvents(cluster, notification);

  const beganMs = Date.now();
  await cluster.apply(master, settingsOf(stands, notification));
  say(`${all.length} monitors; all is up`);
  const wantUp = () => ({ fits: isUp, sinceMs: beganMs });
  const up = new Map(await events.each('all to be well', watchedOf(asked), wantUp));
  for (const stand of heard) await stand.up();
  for (const [id, event] of await events.each('all to be told well', watchedOf(heard), wantUp)) up.set(id, event);

  const down = new Map<string, SeenEvent>();
  const downMs = new Map<string, number>();
  for (const [what, some] of phases(stands)) {
    say(`${what}: ${watchedOf(some).length} of them end`);
    const atMs = Date.now();
    await Promise.all(some.map(async (stand) => await stand.down()));
    for (const { id } of watchedOf(some)) downMs.set(id, atMs);
    const found = await events.each(`the end of ${what} to be seen`, watchedOf(some), () => ({ fits: isDown, sinceMs: atMs }));
    for (const [id, event] of found) down.set(id, event);
  }

  say('all of it begins again');
  const againMs = Date.now();
  for (const stand of stands.toSorted((one, other) => Number(other.isAsked ?? 0) - Number(one.isAsked ?? 0))) await stand.up();
  const again = await events.each('all to be well again', all, ({ id, passes }) => {
    const before = down.get(id)!;
    return { fits: (event) => isUp(event) && event.number > before.number, sinceMs: passes ? downMs.get(id)! : againMs };
  });
  const seen = all.map((watched): Seen => {
    const { id, package: from } = watched;
    const intervalS = isPolled(bodyOf(watched)) ? INTERVAL_S : null;
    return {
      ...{ watched, version: from === '' ? '' : versionOf(from), intervalS, downMs: downMs.get(id)!, againMs },
      ...{ up: up.get(id)!, down: down.get(id)!, again: again.get(id)! },
    };
  });
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: WORKSPACE, encoding: 'utf8' }).trim();
  const page = seenPage(seen, { commit, at: new Date().toISOString().slice(0, 16).replace('T', ' '), load });
  if (only.length === 0) writeFileSync(join(WORKSPACE, SEEN_FILE), page);
  else process.stderr.write(page);
  say(`${seen.length} monitors saw what they look at come and go${only.length === 0 ? `: ${SEEN_FILE}` : ''}`);
}

/** First what is looked at, then by whom others were asked. */
function phases(stands: readonly Stand[]): readonly (readonly [string, readonly Stand[]])[] {
  return [
    ['what is looked at', stands.filter(({ isAsked }) => !isAsked)] as const,
    ['what was asked about it', stands.filter(({ isAsked }) => isAsked)] as const,
  ].filter(([, some]) => some.length > 0);
}

async function startStands({ cluster, undo, say, only }: Stage, master: DataName): Promise<readonly Stand[]> {
  const kinds = standsOf(only);
  // Each ends its daemons when this process ends.
  process.setMaxListeners(Math.max(process.getMaxListeners(), 2 * kinds.length + 10));
  const authority = new TestAuthority();
  undo.push(async () => authority.remove());
  const host = await ManagedHost.attach(cluster, PLACES.managed);
  undo.push(async () => await host.detach());
  const pinged = await ManagedHost.attach(cluster, PLACES.pinged);
  undo.push(async () => await pinged.detach());
  const certificate = authority.issue('managed', [`IP:${host.place.address}`]);
  await cluster.apply(master, [node()]);
  const stands: Stand[] = [];
  for (const { name, start } of kinds) {
    say(`starting ${name}`);
    stands.push(await start({ host, cluster, master, certificate }));
  }
  return stands;
}

const node = (): SettingDocument => ({
  ...{ kind: 'node', id: WATCHED_NODE },
  body: { name: WATCHED_NODE, addresses: [PLACES.managed.address] },
});

function demandTypes(all: readonly Watched[]): void {
  const missing = MONITOR_TYPES.filter((type) => !NOT_HERE.includes(type) && !all.some(({ body }) => body.type === type));
  if (missing.length > 0) throw new Error(`nothing is there for ${missing.join(', ')}`);
}

function settingsOf(stands: readonly Stand[], notification: string): readonly SettingDocument[] {
  const priorities = Object.fromEntries(['critical', 'unknown', 'warning', 'info'].map((priority) => [priority, {}]));
  const polled = (watched: Watched) => (isPolled(bodyOf(watched)) ? { intervalS: INTERVAL_S } : {});
  return [
    ...stands.flatMap(({ settings }) => settings ?? []),
    { kind: 'notification', id: notification, body: { kind: 'event', priorities } },
    ...watchedOf(stands).map(
      (watched): SettingDocument => ({
        ...{ kind: 'monitor', id: watched.id },
        body: { facility: watched.facility, notifications: [notification], ...polled(watched), ...watched.body },
      }),
    ),
  ];
}
