import type { NodeId } from '@yosugara/kernel';
import type { Mailbox } from '../ports/consensus.js';
import type { DriverPorts } from './driver-ports.js';
import type { HostFacts, NodeReport } from './types.js';

/* What changes slowly and comes as no event: asked for now and then. */

const LINK_FRESH_MS = 2_000;

export function lookAtHost({ host, pid, watch }: DriverPorts): HostFacts {
  const { unfit, disks, loopDelayMs } = watch?.facts() ?? { unfit: null, disks: [], loopDelayMs: 0 };
  const processes = [{ name: 'controller', pid }];
  const add = (name: string, found: number | null | undefined): void =>
    void (found != null && processes.push({ name, pid: found }));
  add('deadman', host?.deadMan.pid());
  add('postgres', host?.deadMan.postmasterPid());
  add('manager', host?.deadMan.managerPid());
  return {
    postgresSource: host?.postgres.source() ?? '',
    deadMan: host?.deadMan.arming() ?? 'none',
    arming: host?.deadMan.armingFacts() ?? { kind: 'none', timeoutMs: null },
    unfit:
      [unfit, host?.deadMan.unfit() ?? null, host?.postgres.unfit?.() ?? null].filter((why) => why !== null).join('; ') || null,
    disks,
    loopDelayMs,
    processes,
    vipConflict: host?.vip.conflict?.() ?? null,
  };
}

/** A link says how messages would come; that they do come, only a message says. */
export function lookAtLinks(mailbox: Mailbox, heardMs: ReadonlyMap<NodeId, number>, nowMs: number): NodeReport['heard'] {
  return mailbox.links().map((link) => {
    const fresh = nowMs - (heardMs.get(link.peer) ?? Number.NEGATIVE_INFINITY) <= LINK_FRESH_MS;
    return {
      peer: link.peer,
      state: !fresh ? ('down' as const) : link.relayedBy !== null ? ('relayed' as const) : ('direct' as const),
      via: link.relayedBy,
    };
  });
}
