import { MANAGER_AGAIN_MS, type Observation } from '@yosugara/failover';
import { NO_EPOCH } from '@yosugara/kernel';
import type { ManagerReport } from '@yosugara/protocol';
import type { ControllerState } from './state.js';
import type { HostFacts } from './types.js';

/** A process's own report older than this is no report. */
export const REPORT_FRESH_MS = 2_000;
/** A loop that stood still for longer heard nobody; shorter halts are taken off the silence. */
const ASLEEP_MS = 1_000;
const HELD_UP_MS = 250;
/** It says that it is ready while it is still building its API: on a slow host that is a long turn of its loop. */
const SETTLED_MS = 3_000;
const MAX_RESTARTS_KNOWN = 8;

/** What is known of the manager's process besides its newest report. */
export interface ManagerLife {
  /** As the dead man has it. null: none runs. */
  readonly pid: number | null;
  /** The one that is being killed: what it still says counts for nothing. */
  readonly killedPid: number | null;
  readonly sinceMs: number;
  /** In this life of the process. */
  readonly firstReadyMs: number | null;
  readonly heardMs: number;
  readonly readyMs: number;
  readonly restarts: readonly number[];
}

export const NO_MANAGER: ManagerLife = {
  pid: null,
  killedPid: null,
  sinceMs: Number.NEGATIVE_INFINITY,
  firstReadyMs: null,
  heardMs: Number.NEGATIVE_INFINITY,
  readyMs: Number.NEGATIVE_INFINITY,
  restarts: [],
};

export function noteManagerReport(state: ControllerState, report: ManagerReport | null, nowMs: number): void {
  const { managerLife: life } = state;
  if (report !== null && report.pid === life.killedPid) return;
  state.manager = report === null ? null : { report, atMs: nowMs };
  if (report === null) return;
  const { ready } = report;
  const firstReadyMs = life.firstReadyMs ?? (ready ? nowMs : null);
  state.managerLife = { ...life, heardMs: nowMs, firstReadyMs, readyMs: ready ? nowMs : life.readyMs };
}

/** Nothing but the time of its report has changed. */
export function saysTheSameOfManager(before: ControllerState['manager'], now: ControllerState['manager']): boolean {
  if (before === null || now === null) return before === now;
  if (now.atMs - before.atMs > REPORT_FRESH_MS) return false;
  const [known, told] = [before.report, now.report];
  return known.pid === told.pid && known.mode === told.mode && known.epoch === told.epoch && known.ready === told.ready;
}

/** Another process than before begins with the patience of a start. */
export function noteManagerProcess(state: ControllerState, { processes }: HostFacts): void {
  const { managerLife: life, nowMs } = state;
  const pid = processes.find(({ name }) => name === 'manager')?.pid ?? null;
  if (pid === life.pid || (pid !== null && pid === life.killedPid)) return;
  state.managerLife = { ...life, pid, killedPid: pid === null ? life.killedPid : null, sinceMs: nowMs, firstReadyMs: null };
}

/** From the order on the old process counts for nothing. */
export function noteManagerRestart(state: ControllerState): void {
  const { managerLife: life, nowMs } = state;
  const restarts = [...life.restarts.filter((atMs) => nowMs - atMs < MANAGER_AGAIN_MS), nowMs].slice(-MAX_RESTARTS_KNOWN);
  state.managerLife = { ...life, pid: null, killedPid: life.pid, sinceMs: nowMs, firstReadyMs: null, restarts };
  state.manager = null;
}

/** While our own loop stands still nobody can be heard: that is no silence of the manager's. Called before `state.nowMs` moves on. */
export function noteHeldUp(state: ControllerState, nowMs: number): void {
  const gapMs = nowMs - state.nowMs;
  if (gapMs <= HELD_UP_MS) return;
  const { managerLife: life } = state;
  const later = (atMs: number): number => (gapMs > ASLEEP_MS ? nowMs : Math.min(nowMs, atMs + gapMs));
  state.managerLife = { ...life, heardMs: later(life.heardMs), sinceMs: Math.min(nowMs, life.sinceMs + gapMs) };
}

export function managerSeen(state: ControllerState): Observation['manager'] {
  const { manager, managerLife: life, nowMs } = state;
  const report = manager !== null && nowMs - manager.atMs <= REPORT_FRESH_MS ? manager.report : null;
  if (report === null && life.pid === null && life.restarts.length === 0) return null;
  return {
    mode: report?.mode ?? 'off',
    epoch: (report?.epoch ?? NO_EPOCH) as Observation['record']['epoch'],
    ready: report?.ready ?? false,
    silentSinceMs: life.pid === null ? null : Math.max(life.heardMs, life.sinceMs),
    starting: life.firstReadyMs === null || life.readyMs - life.firstReadyMs < SETTLED_MS,
    readyMs: life.readyMs,
    restarts: life.restarts,
  };
}
