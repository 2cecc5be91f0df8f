import { type FenceReading, FenceReadingSchema, type Status } from '@yosugara/protocol';
import { type Controllers, RefusedError } from '../control/client.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type Paint, printable, table } from '../output/terminal.js';

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
