import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { postgresAccount } from '../os/account.js';
import { childProgram } from '../os/child-program.js';
import { heldMarker } from '../os/markers.js';
import { dataFolder } from '../postgres/paths.js';
import { giveBackCall } from '../vip/program-call.js';
import { DeadManLink, type LinkOptions } from './link.js';
import type { HostDeadMan } from './port.js';
import type { DeadManSetup } from './protocol.js';
import { planWatchdog, type WatchdogOverrides } from './watchdog-plan.js';

export interface DeadManOptions extends LinkOptions {
  /** The controller's boot. */
  readonly bootId: string;
  /** false: prove by the scan of /proc only. */
  readonly useGroups?: boolean;
  /** Specifications: a stand-in for the device. */
  readonly watchdog?: WatchdogOverrides;
}

/** Starts the dead man and waits until it has proved that nothing of an earlier life is left. */
export async function startDeadMan(options: DeadManOptions): Promise<HostDeadMan> {
  const setup = setupOf(options);
  const logs = join(options.config.stateDir, STATE_LAYOUT.logs);
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = openSync(join(logs, 'deadman.log'), 'a', 0o600);
  const child = spawn(process.execPath, [childProgram('deadman/deadman-main.js')], {
    cwd: '/',
    detached: true, // setsid(): no signal to our group or terminal reaches it.
    stdio: ['ignore', log, log, 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  closeSync(log);
  const link = new DeadManLink(child, setup, options);
  try {
    await link.begin(setup);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return link;
}

function setupOf({ config, bootId, useGroups, watchdog }: DeadManOptions): DeadManSetup {
  const { setup: dog, says } = planWatchdog(config, watchdog);
  const others = config.cluster.members.filter((member) => member.id !== config.node);
  const host = (address: string) => (address.includes(':') ? `[${address}]` : address);
  return {
    clusterId: config.cluster.id,
    node: config.node,
    bootId,
    seedFile: join(config.stateDir, STATE_LAYOUT.secrets.identity),
    voters: others.map((member) => `http://${host(member.address)}:${config.ports.status}/internal/stop-proof`),
    groupName: `yosugara-${config.cluster.id}-${config.node}`,
    useGroups: useGroups ?? true,
    postgres:
      config.dataDir === undefined ? null : { folder: dataFolder(config), uid: postgresAccount(config.postgres.user).uid },
    managerMarker: heldMarker('manager', config),
    vipMarker: heldMarker('vip', config),
    giveBackVip: giveBackCall(config),
    watchdog: dog,
    watchdogSays: says,
    pidFile: join(config.stateDir, STATE_LAYOUT.pids, 'deadman.json'),
  };
}
