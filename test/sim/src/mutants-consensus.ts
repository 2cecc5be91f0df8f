import { CONSENSUS, CONTROLLER, type Mutant } from './mutant-types.js';

/** Terms, votes, logs, who is counted. */
export const IN_CONSENSUS: readonly Mutant[] = [
  {
    name: 'vote-not-synced',
    why: 'K3: a granted vote is told and never written',
    within: 400,
    patches: [
      {
        file: `${CONSENSUS}/election.ts`,
        find: "    toPersist(c).hardState = true;\n    waitAnew(c);\n    note(c, 'voteGranted'",
        replace: "    waitAnew(c);\n    note(c, 'voteGranted'",
      },
    ],
  },
  {
    name: 'vote-against-promise',
    why: 'a candidate is helped while the promise to the leader lasts',
    within: 1_000,
    patches: [
      {
        file: `${CONSENSUS}/election.ts`,
        find: 'return message.transfer && told && c.nowMs >= s.bootUntilMs ? null : bound(s, from, c.nowMs);',
        replace: 'return c.nowMs >= s.bootUntilMs || told ? null : bound(s, from, c.nowMs);',
      },
      {
        file: `${CONSENSUS}/election.ts`,
        find: '  const binding = bound(s, from, c.nowMs);\n  if (binding !== null) return binding;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'two-votes-a-term',
    why: 'whoever asks last in a term gets the vote',
    within: 1_000,
    of: { faults: ['electionEdge', 'laggingVoter', 'votersRestart', 'lateMail'] },
    patches: [
      {
        file: `${CONSENSUS}/election.ts`,
        find: 'const free = s.votedFor === null && s.leader === null && compareLog',
        replace: 'const free = compareLog',
      },
    ],
  },
  {
    name: 'log-not-compared',
    why: 'a candidate whose log lacks committed entries is elected',
    within: 400,
    patches: [
      {
        file: `${CONSENSUS}/election.ts`,
        find: 'compareLog(s, message.lastTerm, message.lastIndex) >= 0;',
        replace: 'compareLog(s, message.lastTerm, message.lastIndex) >= Number.NEGATIVE_INFINITY;',
      },
      { file: `${CONSENSUS}/election.ts`, find: 'if (compared < 0) {', replace: 'if (compared < Number.NEGATIVE_INFINITY) {' },
    ],
  },
  {
    name: 'half-is-a-majority',
    why: 'an off-by-one in the majority',
    within: 50,
    patches: [
      {
        file: `${CONSENSUS}/quorum.ts`,
        find: 'Math.floor(count / 2) + 1;',
        replace: 'Math.max(1, Math.floor(count / 2));',
      },
    ],
  },
  {
    name: 'short-promise',
    why: 'a voter promises less than the lease of the leader it answers',
    within: 400,
    patches: [
      {
        file: `${CONSENSUS}/lease.ts`,
        find: 'const untilMs = c.nowMs + s.timings.leaseVoteMs;',
        replace: 'const untilMs = c.nowMs + s.timings.leaseVoteMs / 3;',
      },
    ],
  },
  {
    name: 'conflict-kept',
    why: 'entries of a leader that is gone are not truncated',
    within: 1_000,
    patches: [
      {
        file: `${CONSENSUS}/follower.ts`,
        find: 'if (known === entry.term) continue;',
        replace: 'if (known !== undefined) continue;',
      },
    ],
  },
  {
    name: 'echo-of-another-log',
    why: 'a follower acknowledges what it has not compared',
    within: 400,
    of: { faults: ['laggingVoter', 'electionEdge', 'isolate', 'pair'] },
    patches: [
      {
        file: `${CONSENSUS}/follower.ts`,
        find: 'return prevIndex <= s.commit || termAt(s, prevIndex) === prevTerm;',
        replace: 'return prevIndex <= lastIndex(s) || termAt(s, prevIndex) === prevTerm;',
      },
    ],
  },
  {
    name: 'stranger-counts',
    why: 'the answers of an emptied consensus directory count as those of the voter it was (K6, K11)',
    within: 1_000,
    patches: [
      { file: `${CONSENSUS}/step.ts`, find: 'if (isAnswer(message) && !counts(s, from, incarnation)) return;', replace: '' },
      {
        file: `${CONSENSUS}/election.ts`,
        find: "  if (isOnProbation(s)) return 'our own log was lost';\n  // A leader",
        replace: '  // A leader',
      },
      {
        file: `${CONSENSUS}/election.ts`,
        find: "  if (isOnProbation(s)) return 'our own log was lost';\n  const binding",
        replace: '  const binding',
      },
    ],
  },
  {
    name: 'learner-counts',
    why: 'a learner is waited for as if it were a voter: without it nothing is committed',
    within: 400,
    patches: [
      {
        file: `${CONSENSUS}/state.ts`,
        find: 'found.members.filter((member) => member.voter).map',
        replace: 'found.members.map',
      },
    ],
  },
  {
    name: 'every-campaign-a-transfer',
    why: 'a campaign asks nobody first and says that the leader told it to stand: promises, old ones of before a start too, are passed by',
    within: 150,
    of: { policy: 'strict', faults: ['pair', 'isolate'] },
    patches: [
      {
        file: `${CONSENSUS}/election.ts`,
        find: "  s.role = 'preCandidate';\n  s.leader = null;\n  s.votes = ownVotes(s);\n  waitAnew(c);\n  if (hasMajority(s.voters, s.votes)) stand(c, false);\n  else askVoters(c);\n",
        replace: '  stand(c, true);\n',
      },
      {
        file: `${CONSENSUS}/election.ts`,
        find: 'return message.transfer && told && c.nowMs >= s.bootUntilMs ?',
        replace: 'return message.transfer && told ?',
      },
    ],
  },
  {
    name: 'strikes-late',
    why: 'ruling 3: the dead man strikes, and the VIP ends, a second and a half after the lease instead of before its end',
    within: 50,
    of: { shapes: ['three'], faults: ['freeze'] },
    patches: [
      {
        file: `${CONTROLLER}/leasing.ts`,
        find: 'o.lead === null ? 0 : o.lead.leaseUntilMs - o.settings.timings.killBudgetMs;',
        replace: 'o.lead === null ? 0 : o.lead.leaseUntilMs + 1_500;',
      },
    ],
  },
];
