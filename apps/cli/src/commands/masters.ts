import type { Status } from '@yosugara/protocol';
import type { Controllers } from '../control/client.js';
import { RefusedError } from '../control/client.js';
import { Progress, type Terminal } from '../output/terminal.js';
import { CommandFailedError, follow, send } from './follow.js';

export interface MasterChange {
  readonly from: string | null;
  readonly to: string;
  readonly epoch: number;
  readonly seconds: number;
  readonly state: 'done';
  /** What the controller answered. */
  readonly says: string;
}

/** From the request on; a switchover that has not begun to show by then was given up by the cluster. */
const GIVEN_UP_AFTER_MS = 10_000;

/** Planned change of Master; returns when the new one serves. */
export async function switchover(
  controllers: Controllers,
  options: { readonly to?: string | undefined; readonly deadlineMs: number },
  terminal: Terminal,
): Promise<MasterChange> {
  const before = await controllers.status();
  // Named, not left to the cluster: sent twice, it must not change back.
  const to = options.to ?? before.nodes.find((node) => node.name !== before.master && node.syncSet)?.name;
  if (to === undefined) throw new RefusedError('REFUSED', 'no other node is in the sync set');
  return change(controllers, { method: 'switchover', to }, before, to, options.deadlineMs, terminal);
}

/**
 * Makes a node Master that may lack acknowledged writes. Only on an operator's word: the words are the options.
 */
export async function promote(
  controllers: Controllers,
  options: {
    readonly node?: string | undefined;
    readonly oldMasterIsOff: boolean;
    readonly by: string;
    readonly deadlineMs: number;
  },
  terminal: Terminal,
): Promise<MasterChange> {
  const before = await controllers.status();
  if (before.master !== null && options.node === before.master)
    throw new RefusedError('REFUSED', `${before.master} is the Master already`);
  const to =
    options.node ?? before.nodes.find((node) => node.reachable && node.role.startsWith('STANDBY'))?.name ?? before.answeredBy;
  const { oldMasterIsOff, by, deadlineMs } = options;
  const ask = { method: 'promote', node: to, acceptDataLoss: true, oldMasterIsOff } as const;
  try {
    return await change(controllers, { ...ask, by }, before, to, deadlineMs, terminal);
  } catch (error) {
    if (!isMisunderstood(error)) throw error;
    return await change(controllers, ask, before, to, deadlineMs, terminal);
  }
}

/** A controller that runs on from before an upgrade knows of no name; whoever needs it to promote cannot wait until it does. */
const isMisunderstood = (error: unknown): boolean => error instanceof RefusedError && error.code === 'INVALID_INPUT';

type ChangeAsk = Parameters<typeof send>[1];

export async function change(
  controllers: Controllers,
  ask: ChangeAsk,
  before: Status,
  to: string,
  deadlineMs: number,
  terminal: Terminal,
): Promise<MasterChange> {
  const startedMs = performance.now();
  const says = await send(controllers, ask);
  const progress = new Progress(terminal);
  try {
    const after = await follow(controllers, `${to} becoming Master`, deadlineMs, (status) => {
      progress.show(`${to} becoming Master: ${status.phase.toLowerCase()}, epoch ${status.epoch}`, null);
      if (servesAs(status, to) && status.epoch > before.epoch) return status;
      const stayed =
        before.master !== null && servesAs(status, before.master) && performance.now() - startedMs > GIVEN_UP_AFTER_MS;
      if (stayed) throw new CommandFailedError('GIVEN_UP', `the cluster gave it up: ${before.master} is still the Master`);
      return null;
    });
    return {
      from: before.master,
      to,
      epoch: after.epoch,
      seconds: Math.round(performance.now() - startedMs) / 1000,
      state: 'done',
      says,
    };
  } finally {
    progress.end();
  }
}

const servesAs = (status: Status, node: string) =>
  status.master === node && status.nodes.some((one) => one.name === node && one.role.startsWith('MASTER'));
