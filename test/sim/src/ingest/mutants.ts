import type { Mutant } from '../mutant-types.js';

const MERGE = 'libs/operations/src/events/merge.ts';
const MERGE_STATE = 'libs/operations/src/events/merge-state.ts';
const MERGE_LOOKUP = 'libs/operations/src/events/merge-lookup.ts';
const CONTENT = 'libs/operations/src/events/content.ts';
const TRAP = 'libs/operations/src/events/trap.ts';
const LOOP = 'libs/runtime/src/ingest/loop.ts';
const FEED = 'libs/runtime/src/ingest/feed.ts';
const LANES = 'libs/runtime/src/ingest/lanes.ts';
const SENDER = 'libs/runtime/src/receive/copy-session.ts';
const WATERMARK = 'libs/runtime/src/receive/watermark.ts';
const RECALL = 'libs/runtime/src/receive/recall-informs.ts';
const LINES = 'libs/runtime/src/operations/lines.ts';
const MAKE_RESULT = 'libs/operations/src/monitors/make-result.ts';
const LATE_LINES = 'libs/runtime/src/ingest/late-lines.ts';
const INFORM = 'libs/operations/src/events/inform.ts';
const INTAKE = 'libs/runtime/src/receive/trap-intake.ts';

export const INGEST_MUTANTS: readonly Mutant[] = [
  {
    name: 'events-outside-the-transaction',
    why: 'what follows from rows is stored with the next batch: a crash between them loses it',
    patches: [
      {
        file: LOOP,
        find: 'const operations = work.operator?.operate(stored.rows) ?? null;',
        replace:
          'const held = work as Work & { before?: typeof stored.rows }; const operations = work.operator?.operate(held.before ?? []) ?? null; held.before = stored.rows;',
      },
    ],
    within: 10,
  },
  {
    name: 'memory-kept-after-a-failure',
    why: 'what a transaction that failed had counted stays counted',
    patches: [
      {
        file: LINES,
        find: 'const memories = new Memories(await store.loadMemory());',
        replace:
          'const holder = store as { kept?: Memories }; const memories = (holder.kept ??= new Memories(await store.loadMemory()));',
      },
    ],
    within: 100,
  },
  {
    name: 'event-id-of-chance',
    why: 'the same line judged again would be another event',
    patches: [
      {
        file: MAKE_RESULT,
        find: '[monitor, facility, item, sub, origin].map',
        replace: '[monitor, facility, item, sub, origin + Math.random()].map',
      },
    ],
    within: 5,
  },
  {
    name: 'claims-not-stored',
    why: 'which records are already the partner of a row is forgotten in a crash',
    patches: [
      { file: MERGE_STATE, find: 'claims: [...state.claims.values()], throughUs };', replace: 'claims: [], throughUs };' },
    ],
    within: 100,
  },
  {
    name: 'offset-turned-round',
    why: 'the offset between the clocks is added where it is to be subtracted',
    patches: [
      {
        file: MERGE_STATE,
        find: 'record.atUs - state.offsetUs : record.atUs + state.offsetUs',
        replace: 'record.atUs + state.offsetUs : record.atUs - state.offsetUs',
      },
    ],
    within: 30,
  },
  {
    name: 'partner-of-many',
    why: 'one record is the partner of every equal one: a repeat is taken for a copy',
    patches: [{ file: MERGE, find: 'partners.splice(found, 1)[0]!', replace: 'partners[found]!' }],
    within: 30,
  },
  {
    name: 'memory-covers-all',
    why: 'after a restart nothing is asked of the database: late copies are stored again',
    patches: [
      { file: MERGE_STATE, find: 'coveredFromUs: throughUs + 1 }', replace: 'coveredFromUs: Number.NEGATIVE_INFINITY }' },
    ],
    within: 30,
  },
  {
    name: 'taken-forgotten',
    why: 'a row whose partner is matched and not yet written is found in the database again',
    patches: [{ file: MERGE, find: 'if (partner.stored) state.taken.add(keyOf(partner));', replace: '' }],
    within: 300,
  },
  {
    name: 'lateness-unseen',
    why: 'what a receiver that stood still read late is taken for as new as its stamp',
    patches: [
      {
        file: MERGE,
        find: 'candidate.atUs - lateBy(state, candidate) - at <= windowUs && at - lateBy(state, record) - candidate.atUs <= windowUs',
        replace: 'candidate.atUs - at <= windowUs && at - candidate.atUs <= windowUs',
      },
    ],
    within: 100,
  },
  {
    name: 'floating-address-pairs',
    why: 'what came by the floating address before and after a switchover is taken for copies',
    patches: [
      {
        file: CONTENT,
        find: 'if (byVip && !(isStream(record) && exactStamp(record.raw) !== null)) return null;',
        replace: 'if (byVip && isStream(record)) return null;',
      },
    ],
    within: 300,
  },
  {
    name: 'request-id-compared',
    why: 'traps whose sender numbers each destination by itself never match',
    patches: [
      {
        file: TRAP,
        find: '    trap.trapOid,\n    trap.sysUpTime,',
        replace: '    trap.trapOid,\n    trap.requestId,\n    trap.sysUpTime,',
      },
    ],
    within: 30,
  },
  {
    name: 'state-kept-after-failure',
    why: 'ingest goes on with what it had in mind though the transaction may not have happened',
    patches: [
      {
        file: LOOP,
        find: "        this.#work = null;\n        options.log.warn('ingest.again'",
        replace: "        options.log.warn('ingest.again'",
      },
    ],
    within: 100,
  },
  {
    name: 'solo-lets-go',
    why: 'journals let go of what one database only holds',
    patches: [
      {
        file: LOOP,
        find: 'if (permit?.bothDatabases === true && this.#ripening !== null)',
        replace: 'if (this.#ripening !== null)',
      },
    ],
    within: 3_000,
  },
  {
    name: 'alone-unasked',
    why: 'ingest consumes what only this node holds, nobody having permitted it',
    patches: [
      {
        file: FEED,
        find: "return journal.side === 'peer' || alone ? journal.durableSeq : journal.bothSeq;",
        replace: 'return journal.durableSeq;',
      },
    ],
    within: 30,
  },
  {
    name: 'sent-is-safe',
    why: 'the watermark counts as on both disks what is on ours',
    patches: [
      {
        file: WATERMARK,
        find: 'Math.min(range.lastDurableSeq, state.peerHas(range.journalId))',
        replace: 'range.lastDurableSeq',
      },
    ],
    within: 30,
  },
  {
    name: 'answered-at-once',
    why: 'an INFORM is answered when it is taken in, not when it is safe',
    patches: [
      {
        file: INTAKE,
        find: 'if (!this.#answers.isFull) this.#answers.whenSafe(seq, () => reply(inform.answer()));',
        replace: 'reply(inform.answer());',
      },
    ],
    within: 30,
  },
  {
    name: 'refusal-unheard',
    why: 'what the full copy refused is not sent again on the same connection',
    patches: [{ file: SENDER, find: '    this.#next.set(journalId, fromSeq);\n    if (full)', replace: '    if (full)' }],
    within: 300,
  },
  {
    name: 'peer-unasked',
    why: 'what this node lacks is stepped over though the other node holds it',
    patches: [{ file: FEED, find: 'this.#asks = away === undefined ? null', replace: 'this.#asks = away !== null ? null' }],
    within: 100,
  },
  {
    name: 'owed-is-let-go',
    why: 'the other node lets go of what is still owed',
    patches: [{ file: LANES, find: 'if (lanes.length === 0) return positions;', replace: 'return positions;' }],
    within: 500,
  },
  {
    name: 'owed-moves-the-journal',
    why: 'what was owed is read, and how far that is is forgotten',
    patches: [{ file: FEED, find: "...(kind === 'owed' ? { lane: id } : {}),", replace: '' }],
    within: 500,
  },
  {
    name: 'owed-untold',
    why: 'a journal goes on behind what is owed before the database knows that it is',
    patches: [{ file: FEED, find: 'const said = new Map(this.#begun);', replace: 'const said = new Map<string, number>();' }],
    within: 500,
  },
  {
    name: 'informs-within-the-window',
    why: 'an INFORM that reaches the other node by a retransmission minutes later is taken for another one',
    patches: [{ file: INFORM, find: "if (pdu !== 'inform') return 0;", replace: 'if (pdu !== null) return 0;' }],
    within: 30,
  },
  {
    name: 'informs-forgotten-in-a-restart',
    why: 'a receiver that begins does not look into its journals: INFORMs that are asked for again are journaled again',
    patches: [{ file: RECALL, find: '      remember(journalId, record);\n', replace: '' }],
    within: 100,
  },
  {
    name: 'informs-not-looked-up',
    why: 'after a restart of ingest the database is not asked for INFORMs that were stored before it',
    patches: [
      {
        file: MERGE_LOOKUP,
        find: 'return again ? [...lone, ...lookup(state, records, other, other.openAgain, true)] : lone;',
        replace: 'return again && records.length < 0 ? [] : lone;',
      },
    ],
    within: 100,
  },
  {
    name: 'held-datagrams-unseen',
    why: 'a datagram with an exact stamp that its sender held back is taken for as new as its receipt',
    patches: [
      {
        file: LATE_LINES,
        find: "if (kind !== 'syslog' || transport !== 'udp') return 0;",
        replace: "if (kind !== 'trap' || transport !== 'udp') return 0;",
      },
    ],
    within: 300,
  },
];
