import { DeadlineError, YosugaraError } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import { type Controllers, RefusedError } from '../control/client.js';
import { EXIT } from '../exit-codes.js';
import { Progress, type Terminal, table } from '../output/terminal.js';
import { CommandFailedError, send, sleep } from './follow.js';
import { healthOf } from './status.js';

export interface DrillStep {
  readonly step: string;
  /** After the request. */
  readonly atMs: number;
  /** Since the step before. */
  readonly tookMs: number;
}
export interface DrillLeg {
  readonly from: string;
  readonly to: string;
  readonly epoch: number;
  readonly steps: readonly DrillStep[];
  readonly totalMs: number;
}
export interface Drill {
  readonly state: 'done';
  readonly legs: readonly DrillLeg[];
}

/** How finely the times are taken; each look is answered from the controllers' memory. */
const LOOK_EVERY_MS = 50;
const GIVEN_UP_AFTER_MS = 10_000;

/** A rehearsed take-over: a switchover in operation, followed until the cluster would survive the next loss; and back when asked. */
export async function drill(
  controllers: Controllers,
  options: { readonly back: boolean; readonly deadlineMs: number },
  terminal: Terminal,
): Promise<Drill> {
  const before = await controllers.status();
  if (before.master === null) throw new RefusedError('REFUSED', 'no Master is serving: there is nothing to rehearse');
  if (healthOf(before) !== EXIT.ok) {
    const out = before.nodes.filter((node) => !node.syncSet).map((node) => `${node.name} is not in the sync set (${node.why})`);
    const why = before.ifMasterDied.failsOver ? out.join('; ') : before.ifMasterDied.reason;
    throw new RefusedError('REFUSED', `a drill needs a healthy cluster, and this one is not: ${why}`);
  }
  const to = before.nodes.find((node) => node.name !== before.master && node.syncSet)?.name;
  if (to === undefined) throw new RefusedError('REFUSED', 'no other node is in the sync set');
  const legs = [await leg(controllers, before, to, options.deadlineMs, terminal)];
  if (options.back) legs.push(await leg(controllers, await controllers.status(), before.master, options.deadlineMs, terminal));
  return { state: 'done', legs };
}

async function leg(
  controllers: Controllers,
  before: Status,
  to: string,
  deadlineMs: number,
  terminal: Terminal,
): Promise<DrillLeg> {
  const from = before.master!;
  const progress = new Progress(terminal);
  const begun = performance.now();
  const steps: DrillStep[] = [];
  const reached = (step: string): void => {
    const atMs = Math.round(performance.now() - begun);
    steps.push({ step, atMs, tookMs: atMs - (steps.at(-1)?.atMs ?? 0) });
    progress.show(`drill: ${step}`, null);
  };
  const wanted: readonly { readonly step: string; readonly holds: (status: Status) => boolean }[] = [
    { step: `${from} has given up the epoch`, holds: (status) => status.epoch > before.epoch || status.master !== from },
    { step: `${to} owns the new epoch`, holds: (status) => status.epoch > before.epoch },
    { step: `${to} serves`, holds: (status) => status.epoch > before.epoch && status.master === to },
    { step: `${from} follows, in the sync set`, holds: (status) => status.master === to && status.nodes.every((n) => n.syncSet) },
    { step: 'the next loss would be survived', holds: (status) => status.master === to && healthOf(status) === EXIT.ok },
  ];
  try {
    await send(controllers, { method: 'switchover', to });
    reached('ordered and committed');
    let epoch = before.epoch;
    for (const { step, holds } of wanted) {
      for (;;) {
        const status = await look(controllers);
        if (status !== null) epoch = Math.max(epoch, status.epoch);
        if (status !== null && holds(status)) break;
        const sinceMs = performance.now() - begun;
        if (status !== null && status.epoch === before.epoch && status.master === from && sinceMs > GIVEN_UP_AFTER_MS)
          throw new CommandFailedError('GIVEN_UP', `the cluster gave it up: ${from} is still the Master`);
        if (sinceMs > deadlineMs) throw new DeadlineError(`drill: ${step}`, deadlineMs);
        await sleep(LOOK_EVERY_MS);
      }
      reached(step);
    }
    return { from, to, epoch, steps, totalMs: Math.round(performance.now() - begun) };
  } finally {
    progress.end();
  }
}

/** A controller that is busy with an election is no verdict. */
const look = async (controllers: Controllers): Promise<Status | null> =>
  await controllers.status().catch((error: unknown) => {
    if (error instanceof YosugaraError) return null;
    throw error;
  });

export function renderDrill(result: Drill): string {
  return result.legs
    .map(({ from, to, epoch, steps, totalMs }) => {
      const rows = steps.map(({ step, atMs, tookMs }) => [step, seconds(tookMs), seconds(atMs)]);
      return `${from} → ${to}, epoch ${epoch}, ${seconds(totalMs)}\n${table(['STEP', 'TOOK', 'AFTER'], rows)}`;
    })
    .join('\n\n');
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
