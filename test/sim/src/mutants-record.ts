import { CONSENSUS, CONTROLLER, FAILOVER, type Mutant } from './mutant-types.js';

/** The record, the gate, the front. */
export const IN_RECORD: readonly Mutant[] = [
  {
    name: 'claim-of-an-old-record',
    why: 'a new leader decides before it knows what was committed, and a claim takes an epoch that somebody else has by now',
    within: 1_000,
    of: { shapes: ['three', 'three-p2', 'three-p3', 'three-p2-p3'], faults: ['laggingVoter'] },
    patches: [
      {
        file: `${CONSENSUS}/queries.ts`,
        find: 'state.lead !== null && state.commit >= state.lead.termStart;',
        replace: 'state.lead !== null;',
      },
      {
        file: `${FAILOVER}/commands.ts`,
        find: 'if (!isItsEpoch(record, command)) return',
        replace: 'if (command.epoch < 0) return',
      },
    ],
  },
  {
    name: 'unproven',
    why: 'S6: a take-over that has waited long enough goes on without a proof',
    within: 50,
    of: { shapes: ['three-p2', 'three-p3', 'three-p2-p3'], faults: ['masterDark', 'watchdogOrNot'] },
    patches: [
      {
        file: `${FAILOVER}/claimant.ts`,
        find: "      return proof('P4', 'its lease is over and its commits wait for a receiver that is cut (sync wall)');\n  }\n  return null;",
        replace:
          "      return proof('P4', 'its lease is over and its commits wait for a receiver that is cut (sync wall)');\n  }\n  return o.lead !== null && o.nowMs - o.lead.sinceMs > 2_000 ? proof('P1', 'it must have stopped by now') : null;",
      },
    ],
  },
  {
    name: 'gate-open',
    why: 'S8: applications are let in on rows that only a restart made visible',
    within: 50,
    patches: [
      {
        file: `${CONTROLLER}/gate.ts`,
        find: 'state.gate = held ? null : { lsn };',
        replace: 'state.gate = held || lsn > 0 ? null : { lsn };',
      },
    ],
  },
  {
    name: 'gate-without-the-joiner',
    why: 'S8: the gate does not wait for a member whose join is still in the log',
    within: 150,
    of: { shapes: ['three', 'three-p2', 'three-p3', 'three-p2-p3'], faults: ['slowJoin'] },
    patches: [
      {
        file: `${CONTROLLER}/gate.ts`,
        find: 'requiredNames(observe(state))',
        replace: 'requiredNames({ ...observe(state), joining: null })',
      },
    ],
  },
  {
    name: 'gate-once',
    why: 'S8: a second promotion in one epoch shows what waited since the first',
    within: 400,
    of: { shapes: ['three', 'three-p2', 'three-p3', 'three-p2-p3'], policy: 'strict', faults: ['failsWhilePromoting'] },
    patches: [
      {
        file: `${CONTROLLER}/gate.ts`,
        find: 'record.previous?.node === config.self || endedMs.has(action.kind) || failures.has(action.kind);',
        replace: '(record.previous?.node === config.self || failures.size < 0) && endedMs.size >= 0;',
      },
    ],
  },
  {
    name: 'cached-flag',
    why: 'L1 of the faults: `/status` answers from what was decided last, not from the lease at the moment of the request',
    within: 150,
    of: { faults: ['freeze'] },
    patches: [
      {
        file: `${CONTROLLER}/leasing.ts`,
        find: "mayServe(o) && o.record.phase === 'serving' && o.postgres.kind === 'primary' && o.gated !== true && o.nowMs < strikeAtMs(o);",
        replace:
          "o.record.owner === o.self && o.record.phase === 'serving' && o.postgres.kind === 'primary' && o.gated !== true;",
      },
    ],
  },
  {
    name: 'vip-outlives-the-lease',
    why: 'S9: the address is renewed for a round second more',
    within: 400,
    of: { shapes: ['three'], faults: ['freeze'] },
    patches: [
      {
        file: `${CONTROLLER}/leasing.ts`,
        find: 'leaseLeftMs: lastsUntilMs(state, o) - o.nowMs }',
        replace: 'leaseLeftMs: lastsUntilMs(state, o) - o.nowMs + 5_000 }',
      },
    ],
  },
  {
    name: 'old-generation-returns',
    why: 'what a forced promotion gave up is thrown away, and its node joined, before anybody asks for it',
    within: 150,
    of: { shapes: ['three'], faults: ['promoteForced', 'aloneThenLost'] },
    patches: [
      {
        file: `${FAILOVER}/record.ts`,
        find: '(record.generations[node] ?? 1) < record.generation;',
        replace: '(record.generations[node] ?? 1) < 0;',
      },
    ],
  },
  {
    name: 'timeline-taken-twice',
    why: 'R15: a promotion numbers its timeline by what this server has heard of',
    within: 400,
    of: { shapes: ['three', 'three-p2', 'three-p3', 'three-p2-p3'], policy: 'strict', faults: ['failsWhilePromoting'] },
    patches: [
      {
        file: `${FAILOVER}/promoting.ts`,
        find: "{ kind: 'pg.promote', names: requiredNames(o), above: newestTimeline(o.record) }",
        replace: "{ kind: 'pg.promote', names: requiredNames(o), above: 0 * newestTimeline(o.record) }",
      },
      {
        file: `${FAILOVER}/view.ts`,
        find: 'if (opening !== null && opening !== o.self) return',
        replace: 'if (opening !== null && o.record.epoch < 0) return',
      },
      {
        file: `${FAILOVER}/commands.ts`,
        find: 'if (record.opening !== null && record.opening !== command.by)',
        replace: 'if (record.opening !== null && record.epoch < 0)',
      },
    ],
  },
  {
    name: 'two-words-one-epoch',
    why: 'a word that is given blindly takes the numbers that the word to the other node took',
    within: 400,
    of: { shapes: ['two'], faults: ['wordsToBoth'] },
    patches: [
      {
        file: `${FAILOVER}/claimant.ts`,
        find: 'isBlind || isAwaited(o.record, o.self) ? farEpoch(o) : forcedEpoch(o.record)',
        replace: 'isBlind ? forcedEpoch(o.record) : forcedEpoch(o.record)',
      },
    ],
  },
  {
    name: 'word-is-a-proof',
    why: 'who went on alone on an operator’s word takes terms and numbers that the other one takes that cut its power later, and neither finds out',
    within: 1_500,
    of: { shapes: ['two'], faults: ['promoteWrongly', 'isolate', 'pair'] },
    patches: [
      {
        file: 'libs/runtime/src/controller/fencing.ts',
        find: 'word: isBlind(state, o) ? generation : generation - 1 };',
        replace: '...(isBlind(state, o) ? { word: generation } : {}) };',
      },
    ],
  },
  {
    name: 'word-takes-the-next-epoch',
    why: 'who went on alone on an operator’s word takes the epoch that the other one takes that cuts its power later',
    within: 1_500,
    of: { shapes: ['two'], faults: ['promoteWrongly', 'isolate', 'pair'] },
    patches: [
      {
        file: `${FAILOVER}/claimant.ts`,
        find: 'levelOf(o.record) < APART_LEVEL)',
        replace: 'o.nowMs >= 0)',
      },
    ],
  },
  {
    name: 'overdue-believed',
    why: 'a Master that stood still believes what waited for it, before it hears that its dead man has struck',
    within: 400,
    of: { faults: ['heldUpTwice'] },
    patches: [
      {
        file: 'libs/runtime/src/controller/step.ts',
        find: 'if (untilMs > 0 && nowMs > untilMs && epoch > state.overdue)',
        replace: 'if (untilMs > 0 && nowMs > untilMs && epoch < 0)',
      },
    ],
  },
  {
    name: 'two-first-databases',
    why: 'R17: another first database is made while whoever was let make one may be making it still',
    within: 100,
    of: { faults: ['birthFreeze', 'birthPower', 'birthRestart', 'birthIsolate'] },
    patches: [
      {
        file: `${FAILOVER}/claimant.ts`,
        find: 'if (opening !== null && opening !== o.self)',
        replace: 'if (opening !== null && o.record.epoch < 0)',
      },
      {
        file: `${FAILOVER}/claimant.ts`,
        find: 'isUnborn(record) && (record.opening === null || record.opening === self);',
        replace: 'isUnborn(record) && record.epoch >= 0 && self !== null;',
      },
    ],
  },
  {
    name: 'arbiter-stays',
    why: 'the arbiter that was elected as a last resort keeps the leadership',
    within: 400,
    patches: [
      {
        file: `${FAILOVER}/claimant.ts`,
        find: 'if (o.lead?.ready !== true || o.lead.transferring ||',
        replace: "if (o.lead?.ready !== true || o.kind === 'witness' || o.lead.transferring ||",
      },
    ],
  },
  {
    name: 'lease-not-asked',
    why: 'S1: whoever leads serves, its lease or not; and what the disk remembers is taken for how things stand',
    within: 400,
    patches: [
      {
        file: `${FAILOVER}/follower.ts`,
        find: "if (!o.informed) return { role: 'STOPPED', why: 'waiting for a majority",
        replace: "if (!o.informed && o.record.owner === null) return { role: 'STOPPED', why: 'waiting for a majority",
      },
      {
        file: `${FAILOVER}/view.ts`,
        find: 'isOwn(o) && leaseHolds(o) && supersededBy(o) === null;',
        replace: 'isOwn(o) && o.lead !== null && supersededBy(o) === null;',
      },
    ],
  },
];
