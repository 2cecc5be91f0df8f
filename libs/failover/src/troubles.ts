import type { Alarm, AlarmCode } from '@yosugara/protocol';
import { fenceTroublesHere, fenceTroublesOfCluster } from './fence-troubles.js';
import { outOnPurpose, wallTime } from './fitness.js';
import { heldBack, limited, RESTARTS_MAX, RESTARTS_WITHIN_MS } from './governance.js';
import { MANAGER_AGAIN_MS, managerFails, managerMove, managerRestarts } from './manager.js';
import type { Observation } from './observation.js';

/** What an operator should know: becomes an alarm of `status`, with this code for ever. */
export type Trouble = Alarm;

/** Of this node alone; it tells the others in its report. */
export function troublesHere(o: Observation): readonly Trouble[] {
  const found: Trouble[] = [];
  const red = (code: AlarmCode, text: string): void => void found.push({ level: 'red', code, text });
  if (o.unfit !== null) red('UNFIT', `${o.self} cannot serve: ${o.unfit}`);
  if ((o.restartsInPlace ?? 0) >= RESTARTS_MAX)
    red(
      'RESTARTS',
      `PostgreSQL on ${o.self} was started ${RESTARTS_MAX} times within ${RESTARTS_WITHIN_MS / 1_000} s: look at its log`,
    );
  if (o.hookBefore === 'vetoed') red('HOOK_VETO', `the hook before promotion on ${o.self} refuses: ${o.self} does not open`);
  found.push(...managerTroubles(o));
  const waits = blockedBy(o);
  if (waits !== null) red('WRITES_BLOCKED', waits);
  found.push(...ungatedTroubles(o));
  return [...found, ...fenceTroublesHere(o)];
}

/** R8: what the names of the sync set promise holds for who waits. Perhaps somebody wanted it so: it is told, and nothing else is done. */
function ungatedTroubles({ record, self, postgres }: Observation): readonly Trouble[] {
  if (record.owner !== self || postgres.kind !== 'primary' || postgres.ungated === undefined) return [];
  const text = `commits on ${self} of ${postgres.ungated.join(', ')} are acknowledged before the Standby has them (synchronous_commit): a take-over may lose them`;
  return [{ level: 'yellow', code: 'COMMITS_UNGATED', text }];
}

/** Yellow for what a restart mended, or may mend; red when the Master's stays as it is and nobody takes over. */
function managerTroubles(o: Observation): readonly Trouble[] {
  const restarts = managerRestarts(o);
  const last = restarts.at(-1);
  if (last === undefined) return [];
  const minutes = MANAGER_AGAIN_MS / 60_000;
  const times = `restarted ${restarts.length === 1 ? 'once' : `${restarts.length} times`} within ${minutes} minutes, last at ${wallTime(o.wallMs - (o.nowMs - last))}`;
  const fails = managerFails(o);
  if (fails === null || o.record.owner !== o.self)
    return [
      {
        level: 'yellow',
        code: 'MANAGER_RESTARTED',
        text: `the manager of ${o.self} did not answer and was ${times}: look at its log`,
      },
    ];
  const alone = heldBack(o) ?? (managerMove(o) === null ? 'no other node can take over' : 'another node takes over');
  return [{ level: 'red', code: 'MANAGER_HUNG', text: `${fails} (${times}), and ${alone}: look at its log` }];
}

/** T2 is not allowed to free the writes. */
function blockedBy(o: Observation): string | null {
  if (o.record.owner !== o.self || o.postgres.kind !== 'primary') return null;
  const { policy, timings } = o.settings;
  if (policy !== 'strict' && o.record.pause === null) return null;
  const stalled = [...o.stalledSinceMs].find(([, since]) => o.nowMs - since >= timings.syncStallMs)?.[0];
  if (stalled === undefined) return null;
  return `writes wait for ${stalled}, which does not acknowledge, because ${policy === 'strict' ? 'the policy is strict' : 'the cluster is paused'}`;
}

/** Of the cluster, as the record has it: whoever answers says the same. */
export function troublesOfCluster(o: Observation, masterServes: boolean): readonly Trouble[] {
  const found: Trouble[] = [];
  const { pause, maintenance } = o.record;
  if (pause !== null)
    found.push({
      // It nags for as long as it lasts, and louder while it is what keeps the service down.
      level: masterServes ? 'yellow' : 'red',
      code: 'PAUSED',
      text: `paused until ${wallTime(pause.untilWallMs)} (${pause.why}): nobody takes over by itself`,
    });
  for (const { node } of maintenance)
    found.push({ level: 'yellow', code: 'MAINTENANCE', text: outOnPurpose(o, node) ?? `${node} is in maintenance` });
  const limit = limited(o);
  if (limit !== null) found.push({ level: 'red', code: 'RATE_LIMITED', text: limit });
  return [...found, ...fenceTroublesOfCluster(o)];
}
