import { CONSENSUS, CONTROLLER, FAILOVER, type Mutant } from './mutant-types.js';

/** Written with the first form of the simulator: votes, leases, proofs, T1–T5. */
export const FIRST: readonly Mutant[] = [
  {
    name: 'answer-before-fsync',
    why: 'votes and acknowledgements leave before they are on disk',
    within: 50,
    patches: [{ file: `${CONSENSUS}/context.ts`, find: 'c.effects.unshift(persist);', replace: 'c.effects.push(persist);' }],
  },
  {
    name: 'no-wait-after-boot',
    why: 'a voter that restarts forgets its promise and votes at once',
    within: 150,
    patches: [
      {
        file: `${CONSENSUS}/state.ts`,
        find: 'bootUntilMs: nowMs + config.timings.leaseVoteMs,',
        replace: 'bootUntilMs: nowMs,',
      },
      { file: `${CONSENSUS}/state.ts`, find: 'waitFromMs: nowMs + config.timings.leaseVoteMs,', replace: 'waitFromMs: nowMs,' },
    ],
  },
  {
    name: 'no-promise',
    why: 'voters answer heartbeats without promising anything',
    within: 400,
    patches: [
      {
        file: `${CONSENSUS}/follower.ts`,
        find: '  promiseTo(c, from, message.term, message.nonce);\n',
        replace: '  s.waitFromMs = c.nowMs + s.timings.heartbeatMs * 4;\n',
      },
      {
        file: `${CONSENSUS}/follower.ts`,
        find: "import { promiseTo } from './lease.js';\n",
        replace: '',
      },
    ],
  },
  {
    name: 'lease-from-receipt',
    why: 'the lease counts from the echo instead of from the sending',
    within: 400,
    patches: [
      {
        file: `${CONSENSUS}/lease.ts`,
        find: 'if (round !== undefined) renewTo(c, lead, round.sentMs);',
        replace: 'if (round !== undefined) renewTo(c, lead, c.nowMs);',
      },
    ],
  },
  {
    name: 'any-echo-renews',
    why: 'an old echo renews the newest round',
    within: 400,
    patches: [
      {
        file: `${CONSENSUS}/replication.ts`,
        find: 'if (message.nonce > peer.echoed && message.nonce <= lead.nonce) {\n    peer.echoed = message.nonce;',
        replace: 'if (message.nonce <= lead.nonce) {\n    peer.echoed = lead.nonce;',
      },
    ],
  },
  {
    name: 'lease-kept-in-transfer',
    why: 'a leader that told its successor to stand goes on with its lease',
    within: 150,
    of: { faults: ['switchover', 'switchoverTwice', 'cutAtRelease', 'electionEdge'] },
    patches: [
      { file: `${CONSENSUS}/transfer.ts`, find: '  lead.leaseUntilMs = null;\n', replace: '' },
      {
        file: `${CONSENSUS}/lease.ts`,
        find: 'if (lead.transfer?.sent !== true) lead.leaseUntilMs',
        replace: 'lead.leaseUntilMs',
      },
    ],
  },
  {
    name: 'proof-of-another-life',
    why: 'voters let a stop proof of any epoch and boot end their promise',
    within: 50,
    of: { faults: ['oldProofsLate'] },
    patches: [
      {
        file: `${CONTROLLER}/step.ts`,
        find: 'record.owner === input.node && record.epoch === input.epoch && record.ownerBoot === input.boot;',
        replace: 'record.owner === input.node;',
      },
    ],
  },
  {
    name: 'p1-of-another-epoch',
    why: 'a stop proof of an earlier epoch or boot stands for the newest',
    within: 3_000,
    of: { faults: ['manyLives', 'oldProofs'] },
    patches: [
      {
        file: `${FAILOVER}/claimant.ts`,
        find: 'p1.node === previous.node && p1.epoch === previous.epoch && p1.boot === previous.boot',
        replace: 'p1.node === previous.node',
      },
    ],
  },
  {
    name: 'stale-word-of-stopping',
    why: 'a report of an earlier stop stands for this one',
    within: 3_000,
    of: { faults: ['manyLives', 'lateMail'] },
    patches: [
      {
        file: `${FAILOVER}/claimant.ts`,
        find: 'said !== null && said.epoch === previous.epoch && said.boot === previous.boot',
        replace: 'said !== null',
      },
    ],
  },
  {
    name: 'join-before-names',
    why: 'T1: the peer is published before commits wait for it',
    within: 50,
    patches: [
      {
        file: `${FAILOVER}/sync-set.ts`,
        find: "    actions.push({ kind: 'pg.setNames', names: [candidate] });\n",
        replace:
          "    actions.push({ kind: 'pg.setNames', names: [candidate] }, propose({ kind: 'join', epoch: o.record.epoch, node: candidate }));\n",
      },
    ],
  },
  {
    name: 'join-without-mark',
    why: 'T1: the peer is published before it holds what was committed without it',
    within: 400,
    patches: [
      {
        file: `${FAILOVER}/sync-set.ts`,
        find: 'peer?.sync === true && peer.flushLsn >= mark.lsn && o.postgresBusy === null',
        replace: 'peer?.sync === true',
      },
      {
        file: `${FAILOVER}/sync-set.ts`,
        find: 'facts.walEnd - peer.flushLsn <= JOIN_LAG_BYTES,',
        replace: 'peer.flushLsn >= 0,',
      },
    ],
  },
  {
    name: 'join-forgotten-in-flight',
    why: 'T1: names are cleared while a join waits for its majority',
    within: 50,
    of: { faults: ['slowJoin'] },
    patches: [
      {
        file: `${FAILOVER}/sync-set.ts`,
        find: 'const candidate = o.joining ?? joinCandidate(o, facts);',
        replace: 'const candidate = joinCandidate(o, facts);',
      },
      { file: `${FAILOVER}/view.ts`, find: 'return o.joining === null ||', replace: 'return true || o.joining === null ||' },
    ],
  },
  {
    name: 'leave-after-names',
    why: 'T2: commits stop waiting for the peer before the record says so',
    within: 50,
    patches: [
      {
        file: `${FAILOVER}/sync-set.ts`,
        find: "whyOf('T2'), actions: [...actions, leave(o",
        replace: "whyOf('T2'), actions: [...actions, { kind: 'pg.setNames', names: [] }, leave(o",
      },
      {
        file: `${FAILOVER}/lint.ts`,
        find: "      if (!requiredNames(o).every((node) => action.names.includes(node)))\n        return 'S4, S5: the sync set still names a member that these names leave out';\n",
        replace: '',
      },
    ],
  },
  {
    name: 'receiver-not-cut',
    why: 'T3: the old Master can still be acknowledged to while the new one is promoted',
    within: 1_000,
    patches: [
      {
        file: `${FAILOVER}/stopping-old.ts`,
        find: "if (facts.kind === 'standby' && facts.receiver !== 'cut')",
        replace: "if (facts.kind === 'standby' && facts.receiver === 'streaming' && o.record.epoch < 0)",
      },
      { file: `${FAILOVER}/promoting.ts`, find: "  if (facts.receiver !== 'cut')\n", replace: '  if (o.record.epoch < 0)\n' },
      {
        file: `${FAILOVER}/claimant.ts`,
        find: "o.postgres.kind === 'standby' && o.postgres.receiver === 'cut' && o.nowMs - o.postgresSinceMs >= o.settings.timings.guardMs;",
        replace: "o.postgres.kind === 'standby';",
      },
      {
        file: `${FAILOVER}/lint.ts`,
        find: "o.postgres.kind !== 'standby' || o.postgres.receiver !== 'cut'",
        replace: "o.postgres.kind !== 'standby'",
      },
    ],
  },
  {
    name: 'claim-from-outside',
    why: 'T8: a node that lacks acknowledged commits takes over',
    within: 400,
    patches: [
      {
        file: `${FAILOVER}/claimant.ts`,
        find: 'if (!o.record.syncSet.includes(o.self)) return',
        replace: 'if (o.record.epoch < 0) return',
      },
      {
        file: `${FAILOVER}/claimant.ts`,
        find: '(mayBegin(o) || (o.record.syncSet.includes(o.self) && !unfit(o) && mayNotClaim(o) === null))',
        replace: '(mayBegin(o) || (!unfit(o) && mayNotClaim(o) === null))',
      },
      {
        file: `${FAILOVER}/commands.ts`,
        find: 'if (!record.syncSet.includes(command.by)) return refuse',
        replace: 'if (record.epoch < 0) return refuse',
      },
    ],
  },
  {
    name: 'disarmed-with-ownership',
    why: 'the dead man is disarmed when ownership is lost, not when nothing writes any more',
    within: 1_000,
    patches: [
      {
        file: `${CONTROLLER}/leasing.ts`,
        find: 'if (state.lease.untilMs === 0 || !quiet || mayWrite(o.postgres) || o.postgresBusy !== null || isOwn(o)) return [];',
        replace: 'if (state.lease.untilMs === 0 || (isOwn(o) && quiet)) return [];',
      },
    ],
  },
  {
    name: 'same-epoch-after-restart',
    why: 'a controller that restarted serves the epoch of its earlier life',
    within: 50,
    patches: [{ file: `${FAILOVER}/view.ts`, find: '  o.record.ownerBoot === o.boot &&\n', replace: '' }],
  },
  {
    name: 'renounce-in-flight',
    why: 'P1 is said while a start is in flight that writes afterwards',
    within: 400,
    of: { faults: ['bothServersFail', 'postgresKill', 'isolate'] },
    patches: [
      {
        file: `${FAILOVER}/decide.ts`,
        find: 'const settled = o.postgresBusy === null && o.nowMs - o.postgresSinceMs >= SETTLED_MS;',
        replace: 'const settled = SETTLED_MS > 0;',
      },
    ],
  },
  {
    name: 'release-in-flight',
    why: 'T5: the epoch is given up while a start is in flight that writes afterwards',
    within: 50,
    of: { faults: ['bothServersFail', 'postgresKill', 'recoverAnytime'] },
    patches: [
      { file: `${FAILOVER}/giving-up.ts`, find: 'actions: !isQuiet(o)', replace: 'actions: o.record.epoch < 0' },
      {
        file: `${FAILOVER}/lint.ts`,
        find: "action.command.kind === 'release' && !isQuiet(o)",
        replace: 'o.record.epoch < 0 && !isQuiet(o)',
      },
    ],
  },
  {
    name: 'struck-unheard',
    why: 'the owner goes on with an epoch that its dead man has ended',
    within: 400,
    patches: [
      {
        file: `${CONTROLLER}/step.ts`,
        find: 'if (input.epoch > state.renounced) state.renounced = input.epoch;\n',
        replace: '\n',
      },
      {
        file: `${CONTROLLER}/step.ts`,
        find: 'if (untilMs > 0 && nowMs > untilMs && epoch > state.overdue)',
        replace: 'if (untilMs > 0 && nowMs > untilMs && epoch < 0)',
      },
    ],
  },
  {
    name: 'release-before-the-wal',
    why: 'T4: the old owner releases before the target holds everything',
    within: 1_000,
    patches: [
      { file: `${FAILOVER}/handing-over.ts`, find: '&& target.walEnd >= facts.walEnd;', replace: '&& target.walEnd >= 0;' },
    ],
  },
  {
    name: 'promoted-without-names',
    why: 'strict: the new Master opens without waiting for its peer',
    within: 150,
    patches: [
      {
        file: `${FAILOVER}/promoting.ts`,
        find: "{ kind: 'pg.promote', names: requiredNames(o), above:",
        replace: "{ kind: 'pg.promote', names: [], above:",
      },
      {
        file: `${FAILOVER}/lint.ts`,
        find: "return sameNames(action.names, requiredNames(o)) ? null : 'S4: promotion with other names than the sync set demands';",
        replace: 'return null;',
      },
    ],
  },
  {
    name: 'divergence-unseen',
    why: 'WAL past the fork is not noticed: the old Master never comes back',
    within: 50,
    patches: [
      {
        file: `${FAILOVER}/record.ts`,
        find: 'return !isOurs || walEnd > fork.forkLsn;',
        replace: 'return !isOurs || walEnd < 0;',
      },
    ],
  },
  {
    name: 'linter-alone',
    why: 'the decider asks for a promotion before the proof; only the linter stands in the way',
    within: 50,
    patches: [
      {
        file: `${FAILOVER}/owner.ts`,
        find: "    case 'stopping-old':\n      return stoppingOld(o);",
        replace: "    case 'stopping-old':\n      return o.record.systemId === null ? stoppingOld(o) : promoting(o);",
      },
    ],
  },
];
