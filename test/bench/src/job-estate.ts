import type { SettingDocument } from './row-cluster.js';

/** Commands of these wait for a minute since their session began, so that each has an instant of its own. */
export const TICK = 'tick';
/** Chains of commands beside each other. */
export const LANES = 'lanes';
/** All of it waits. */
export const WAITING = 'waiting';

export const REAL_AGENTS = 4;
export const WIRE_AGENTS = 20;
export const LANE_COUNT = 25;
export const LANE_JOBS = 20;
export const WAITING_UNITS = 10;
export const WAITING_JOBS = 1_000;
export const TICK_MS = 60_000;

export const realAgent = (at: number): string => `real-${at}`;
export const wireAgent = (at: number): string => `wire-${at}`;

const after = (job: string) => ({ kind: 'end-status', job, status: ['normal'] });
const elapsed = (minutes: number) => ({ kind: 'elapsed', minutes });
const unit = (id: string, jobs: readonly object[]): SettingDocument => ({
  ...{ kind: 'job-unit', id },
  body: { name: id, timeZone: 'UTC', jobs },
});

/** Once agents have joined: they are what jobs run on. */
export function jobSettings(): readonly SettingDocument[] {
  return [
    ...Array.from({ length: REAL_AGENTS }, (_, at) => tickOn(at)),
    unit(
      LANES,
      Array.from({ length: LANE_COUNT }, (_, lane) => laneOf(lane)),
    ),
    ...Array.from({ length: WAITING_UNITS }, (_, at) => waitingUnit(at)),
  ];
}

/** What the process writes first is when it was there, by the clock of the host that all are on. */
const tickOn = (at: number): SettingDocument =>
  unit(`${TICK}-${at}`, [
    {
      ...{ type: 'command', id: 'mark', facility: realAgent(at), command: 'exec date +%s%3N' },
      wait: { groups: [{ conditions: [elapsed(TICK_MS / 60_000)] }] },
    },
  ]);

function laneOf(lane: number): object {
  const id = (at: number) => `job-${lane}-${at}`;
  const jobs = Array.from({ length: LANE_JOBS }, (_, at) => ({
    ...{ type: 'command', id: id(at), facility: wireAgent((lane + at) % WIRE_AGENTS), command: 'true' },
    ...(at === 0 ? {} : { wait: { groups: [{ conditions: [after(id(at - 1))] }] } }),
  }));
  return { type: 'jobnet', id: `lane-${lane}`, jobs };
}

/** The first one is held; half of the others wait for it, all for the next day. */
function waitingUnit(unitAt: number): SettingDocument {
  const jobs = Array.from({ length: WAITING_JOBS }, (_, at) => ({
    ...{ type: 'command', id: `job-${at}`, facility: realAgent(0), command: 'true' },
    ...(at === 0
      ? { hold: true }
      : { wait: { groups: [{ conditions: [elapsed(1_440), ...(at % 2 === 0 ? [] : [after('job-0')])] }] } }),
  }));
  return unit(`${WAITING}-${unitAt}`, jobs);
}
