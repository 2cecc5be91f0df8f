import { explain, type Log } from '@yosugara/kernel';
import { type ControllerDriver, type DriverPorts, LEAVE_MASTER_MS } from '@yosugara/runtime';
import type { ControlServer } from './control-server.js';
import type { StatusServer } from './status-server.js';
import type { VipEndpoint } from './vip-endpoint.js';

const STOP_BUDGET_MS = 5_000;
/** Whatever hangs on the way: the process is gone by then. */
export const END_WITHIN_MS = LEAVE_MASTER_MS + STOP_BUDGET_MS + 3_000;

export interface Running extends Pick<DriverPorts, 'host' | 'disk'> {
  readonly driver: ControllerDriver;
  readonly control: ControlServer | null;
  readonly status: StatusServer;
  readonly endpoint: VipEndpoint;
  readonly watch: { close(): Promise<void> };
}

/** A planned stop is a hand-over: everything still runs while the others take over. Then what may write goes, then what tells of it. */
export async function endInOrder({ driver, host, control, status, endpoint, watch, disk }: Running, log: Log): Promise<void> {
  await driver.leave();
  endpoint.stop();
  await driver.stop();
  await host?.vip.release().catch((cause: unknown) => log.warn('vip.release', { why: explain(cause) }));
  // With its dead man gone nobody else would stop the manager and what holds the VIP.
  if (host?.deadMan.arming() === 'none') {
    const proved = await host.deadMan.killEverything(STOP_BUDGET_MS);
    log.warn('controller.killed', { proved });
  }
  host?.deadMan.wantManager(false);
  await host?.postgres.stop('fast', STOP_BUDGET_MS).catch((cause: unknown) => log.warn('postgres.stop', { why: explain(cause) }));
  await control?.close();
  await status.close();
  await host?.postgres.close();
  await host?.deadMan.close();
  await watch.close();
  await disk.close();
}
