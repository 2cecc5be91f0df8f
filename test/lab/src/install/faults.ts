import { monotonicMs, until } from '../host/shell.js';
import { type Installed, isWhole, otherHost, serves } from './installed.js';
import type { Gap, Loaded } from './load.js';

const WITHIN_MS = 180_000;

/** How it went: how long until it was good again, by what was done. */
export type Timed = <T>(what: string, task: () => Promise<T>) => Promise<T>;

/** systemd ends a program that was stopped and says nothing any more, and starts it anew. @returns when it was stopped. */
async function freeze(installed: Installed, name: string, unit: string): Promise<number> {
  const pid = await installed.unit(name, unit, 'MainPID');
  const frozenMs = monotonicMs();
  await installed.hosts.in(name, ['kill', '-STOP', pid]);
  return frozenMs;
}

async function startedAnew(installed: Installed, name: string, unit: string, before: string): Promise<void> {
  await until(`systemd starts ${unit} anew on ${name}`, WITHIN_MS, async () => {
    const [pid, state] = [await installed.unit(name, unit, 'MainPID'), await installed.unit(name, unit, 'ActiveState')];
    return pid !== before && pid !== '0' && state === 'active' ? true : undefined;
  });
}

/** A receiver that hangs: the other node's takes what is sent, and this one is back by itself. */
export async function receiverFrozen(installed: Installed, name: string, timed: Timed): Promise<void> {
  const unit = 'yosugara-receiver.service';
  const before = await installed.unit(name, unit, 'MainPID');
  await timed('receiverFrozenToStartedAnew', async () => {
    await freeze(installed, name, unit);
    await startedAnew(installed, name, unit, before);
  });
}

/** The Master's controller hangs: its dead man stops what it started, the other serves; systemd starts it anew; the operator brings it back. */
export async function controllerFrozen(installed: Installed, master: string, { client }: Loaded, timed: Timed): Promise<Gap> {
  const [unit, other] = ['yosugara-controller.service', otherHost(master)];
  const before = await installed.unit(master, unit, 'MainPID');
  const fromMs = await freeze(installed, master, unit);
  const anew = timed('controllerFrozenToStartedAnew', () => startedAnew(installed, master, unit, before));
  anew.catch(() => undefined);
  await installed.statusWhere(other, `${other} serves`, WITHIN_MS, (status) => serves(status, other));
  await client.bothAcknowledgedAfter(monotonicMs(), WITHIN_MS);
  const toMs = monotonicMs();
  await installed.demandAddress(other);
  await anew;
  await recovered(installed, other, master, 'recoverAfterFrozen', timed);
  return { what: 'controllerFrozen', fromMs, toMs };
}

/** The Master's whole host is gone from one moment to the next, and is switched on again later. */
export async function hostLost(installed: Installed, master: string, { client }: Loaded, timed: Timed): Promise<Gap> {
  const { hosts } = installed;
  const other = otherHost(master);
  const fromMs = monotonicMs();
  await hosts.powerOff(master);
  await installed.statusWhere(other, `${other} serves`, WITHIN_MS, (status) => serves(status, other));
  await client.bothAcknowledgedAfter(monotonicMs(), WITHIN_MS);
  const toMs = monotonicMs();
  await timed('bootAgain', () => hosts.powerOn(master));
  await recovered(installed, other, master, 'recoverAfterPowerOff', timed);
  await installed.demandAddress(other);
  return { what: 'hostLost', fromMs, toMs };
}

async function recovered(installed: Installed, master: string, back: string, what: string, timed: Timed): Promise<void> {
  const reachable = `${back} is heard again`;
  await installed.statusWhere(master, reachable, WITHIN_MS, ({ nodes }) =>
    nodes.some((node) => node.name === back && node.reachable),
  );
  await timed(what, async () => {
    await installed.hosts.in(master, ['yosugara', 'recover'], WITHIN_MS);
    await installed.statusWhere(master, `${back} is synchronous`, WITHIN_MS, isWhole);
  });
}
