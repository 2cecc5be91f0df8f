import { CONTROLLER, FAILOVER, type Mutant } from './mutant-types.js';

/** P2, P3, two nodes. */
export const IN_POWER: readonly Mutant[] = [
  {
    name: 'unknown-is-off',
    why: 'F2, F3: a power device that did not answer is taken for success',
    within: 50,
    of: { shapes: ['three-p2', 'three-p2-p3', 'two'], faults: ['masterDark', 'device'] },
    patches: [
      {
        file: `${CONTROLLER}/fencing.ts`,
        find: "if (!result.ok) state.fenceOutcome = { ...of, result: 'failed',",
        replace: "if (!result.ok) state.fenceOutcome = { ...of, result: 'off',",
      },
    ],
  },
  {
    name: 'p2-of-an-older-request',
    why: 'F5: a fence of an earlier epoch proves the end of this one’s owner',
    within: 50,
    of: { shapes: ['three-p2', 'three-p2-p3'], faults: ['fencedReturnsAsMaster'] },
    patches: [{ file: `${FAILOVER}/fencing.ts`, find: ' || fence.forEpoch <= previous.epoch)', replace: ')' }],
  },
  {
    name: 'failed-fence-proves',
    why: 'a fence that failed counts like one that was confirmed',
    within: 50,
    of: { shapes: ['three-p2', 'three-p2-p3'], faults: ['masterDark'] },
    patches: [
      {
        file: `${FAILOVER}/fencing.ts`,
        find: "fence === null || fence.state !== 'confirmed' ||",
        replace: "fence === null || fence.state === 'requested' ||",
      },
    ],
  },
  {
    name: 'watchdog-not-waited-for',
    why: 'P3: the watchdog is said to have fired before it can have',
    within: 3_000,
    of: { shapes: ['three-p3', 'three-p2-p3'], faults: ['masterDark'] },
    patches: [
      {
        file: `${FAILOVER}/fencing.ts`,
        find: 'if (waitedMs < watchdogWaitMs(o.settings.timings, timeoutMs)) return null;',
        replace: 'if (waitedMs < 0) return null;',
      },
    ],
  },
  {
    name: 'soft-is-hardware',
    why: 'P3 is believed of an owner that has no watchdog',
    within: 150,
    of: { shapes: ['three-p3', 'three-p2-p3'], faults: ['masterDark', 'watchdogOrNot'] },
    patches: [
      {
        file: `${FAILOVER}/fencing.ts`,
        find: "armed?.kind === 'hardware' && armed.timeoutMs !== null && armed.timeoutMs > 0 ? armed.timeoutMs : null;",
        replace: "armed != null && armed.kind !== 'none' ? (armed.timeoutMs ?? 1_000) : null;",
      },
    ],
  },
  {
    name: 'alone-without-fence',
    why: 'two nodes: the other one is called gone because it is not heard',
    within: 150,
    of: { shapes: ['two'] },
    patches: [
      {
        file: `${CONTROLLER}/fencing.ts`,
        find: "if (fenceOutcome?.target === partner && fenceOutcome.result === 'off') return { member: partner };",
        replace: 'if (fenceOutcome?.target === partner || isUnanswered(o, partner)) return { member: partner };',
      },
    ],
  },
  {
    name: 'hold-without-bound',
    why: 'F4: of two nodes a Master that cannot fence its Standby holds on for ever, also when it is itself called off by a device that lies',
    within: 50,
    of: { shapes: ['two'], faults: ['deviceLies'] },
    patches: [
      {
        file: `${FAILOVER}/twoNodes.ts`,
        find: 'Math.min(o.nowMs + timings.leaseOwnMs, lead.quorumSentMs + holdMaxMs(timings, fenceDelayMs))',
        replace: 'Math.max(o.nowMs + timings.leaseOwnMs, lead.quorumSentMs + holdMaxMs(timings, fenceDelayMs) * 0)',
      },
    ],
  },
  {
    name: 'solo-without-fence',
    why: 'two nodes: the vote of a Standby that is not heard is taken away, and it is not off',
    within: 1_000,
    of: { shapes: ['two'], faults: ['device', 'bothShoot'] },
    patches: [
      {
        file: `${FAILOVER}/twoNodes.ts`,
        find: 'const taken = !inSet && ',
        replace: 'const taken = (!inSet || isUnanswered(o, partner)) && ',
      },
    ],
  },
  {
    name: 'shot-under-maintenance',
    why: 'the power of a host that somebody works on is cut',
    within: 50,
    of: { shapes: ['three-p2', 'three-p2-p3'], faults: ['masterDark'] },
    patches: [
      {
        file: `${FAILOVER}/fencing.ts`,
        find: 'if (maintenanceOf(o.record, node) !== null) return',
        replace: 'if (maintenanceOf(o.record, node) !== null && o.record.epoch < 0) return',
      },
    ],
  },
  {
    name: 'never-fenced',
    why: 'P2: an old owner that is heard now and then is spared for ever',
    within: 50,
    of: { shapes: ['three-p2'], faults: ['hostLost'] },
    patches: [
      {
        file: `${FAILOVER}/fencing.ts`,
        find: 'o.nowMs - o.lead.sinceMs < LAST_WORD_MS;',
        replace: 'o.nowMs - o.lead.sinceMs < LAST_WORD_MS * 1_000;',
      },
      {
        file: `${FAILOVER}/fencing.ts`,
        find: 'const lastWord = heardLately(o, node) && ',
        replace: 'const lastWord = ',
      },
    ],
  },
];
