import { type FenceReading, FenceReadingSchema, type Status } from '@yosugara/protocol';
import { type Controllers, RefusedError } from '../control/client.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type Paint, Progress, printable, type Terminal, table } from '../output/terminal.js';
import { CommandFailedError, follow, send } from './follow.js';

export interface FenceReport {
  readonly devices: readonly FenceReading[];
  /** Nodes whose power nobody that was asked can switch. */
  readonly without: readonly string[];
}

/** A device is asked over the network and may be slow: its own deadline is at most five minutes, mostly 20 s. */
const CHECK_DEADLINE_MS = 60_000;

/** As the controllers last read them. */
export function fenceStatus(status: Status): FenceReport {
  const devices = [...(status.fence ?? [])].sort((one, other) => one.target.localeCompare(other.target));
  const known = new Set(devices.map(({ target }) => target));
  return { devices, without: status.nodes.map(({ name }) => name).filter((name) => !known.has(name)) };
}

/** Reads the devices now, with their real credentials. */
export async function fenceCheck(controllers: Controllers, node: string | undefined): Promise<FenceReport> {
  const nodes = node === undefined ? (await controllers.status()).nodes.map(({ name }) => name) : [node];
  const devices: FenceReading[] = [];
  const without: string[] = [];
  for (const name of nodes) {
    try {
      devices.push(FenceReadingSchema.parse(await controllers.command({ method: 'fenceCheck', node: name }, CHECK_DEADLINE_MS)));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      without.push(name);
    }
  }
  return { devices, without };
}

/** 0 only when every node can be switched off by somebody. */
export const fenceHealth = (report: FenceReport): ExitCode =>
  report.devices.length > 0 && report.without.length === 0 && report.devices.every(({ healthy }) => healthy)
    ? EXIT.ok
    : EXIT.unhealthy;

export function renderFence(report: FenceReport, paint: Paint): string {
  const rows = report.devices.map((device) => [
    device.target,
    device.by,
    device.healthy ? paint('healthy', 'green') : paint('BROKEN', 'red'),
    `${(device.offMs / 1_000).toFixed(1)} s`,
    device.ageMs < 1_000 ? 'now' : `${Math.round(device.ageMs / 1_000)} s ago`,
    printable(device.says),
  ]);
  const without = report.without.map((node) => paint(`${node}: no power device that can be read from here`, 'yellow'));
  const head = ['NODE', 'READ BY', 'STATE', 'OFF WITHIN', 'READ', 'SAYS'];
  return [...(rows.length === 0 ? [] : [table(head, rows)]), ...without].join('\n');
}

export interface FencedByHand {
  readonly node: string;
  readonly state: 'off';
  /** What the devices read back. */
  readonly says: string;
}

/** Levels of devices are tried one after the other, each within its own deadline. */
const POWER_DEADLINE_MS = 120_000;

interface ByHand {
  readonly node: string;
  readonly why: string;
  readonly by: string;
  /** From here, at once, without asking the cluster. */
  readonly force: boolean;
  readonly deadlineMs: number;
}

/** Has the power of a node cut; returns when it reads off. */
export async function fenceOff(controllers: Controllers, asked: ByHand, terminal: Terminal): Promise<FencedByHand> {
  const { node, why, by, force, deadlineMs } = asked;
  if (force) {
    const ask = { method: 'fence', node, why, by, force } as const;
    const { message } = (await controllers.command(ask, POWER_DEADLINE_MS)) as { readonly message: string };
    return { node, state: 'off', says: message };
  }
  const before = (await controllers.status()).lastFence?.requestId ?? null;
  await send(controllers, { method: 'fence', node, why, by });
  const progress = new Progress(terminal);
  try {
    return await follow(controllers, `${node} being switched off`, deadlineMs, (status) => {
      const fence = status.lastFence;
      progress.show(`${node} is being switched off: ${status.master ?? 'nobody'} is Master, epoch ${status.epoch}`, null);
      if (fence == null || fence.requestId === before || fence.target !== node || fence.state === 'requested') return null;
      if (fence.state === 'failed') throw new CommandFailedError('FENCE_FAILED', `${node}: ${fence.evidence}`);
      return { node, state: 'off' as const, says: `${node} is off by ${fence.method}: ${fence.evidence}` };
    });
  } finally {
    progress.end();
  }
}
