import { z } from 'zod';
import { LISTENER_KINDS, MESSAGE_KINDS, MESSAGE_TRANSPORTS } from './messages.js';

/** Under this name all sources count that are too many to be told apart. */
export const OTHER_SOURCES = 'others';

/** Counts by name: of a node, or of a reason. */
const Named = z.record(z.string(), z.int());

/** Records of both nodes' journals that were consumed (docs/visible-loss.md). A message that came to both nodes is two records. */
const CountsSchema = z.object({
  /** By node: records that it received. */
  received: Named,
  /** Messages that came to both. */
  matched: z.int(),
  /** By node: messages that came to this one only, as far as is known by now. */
  onlyAt: Named,
  /** By node: records that are never compared, by the floating address or of a source that sends to one place only. */
  unpaired: Named,
});
export type IngestCounts = z.infer<typeof CountsSchema>;

/** What a receiver counts of one source by itself; begins again when it starts, and says when that was. */
const AtReceiverSchema = z.object({
  since: z.string().nullable(),
  received: z.int(),
  refused: Named,
  slowed: z.int(),
  cut: z.int(),
});

export const IngestSourceSchema = CountsSchema.extend({
  source: z.string(),
  /** Messages that came to one node only, of all that are compared: 0..1; null = none is. */
  oneSided: z.number().nullable(),
  /** By node, when its receiver's report names this source. */
  atReceiver: z.record(z.string(), AtReceiverSchema),
});
export type IngestSource = z.infer<typeof IngestSourceSchema>;

const RangeSchema = {
  /** Whole hours, RFC 3339, UTC; counted by the time of receipt. */
  from: z.string(),
  to: z.string(),
  /** Nothing was counted before; later than `from` when that was asked for and is not kept any more. */
  countedSince: z.string(),
};

/** GET /api/v1/ingest/sources. */
export const IngestSourcesSchema = z.object({
  ...RangeSchema,
  nodes: z.array(z.string()),
  sources: z.array(IngestSourceSchema),
  /** Sources that were left out. */
  more: z.int(),
});
export type IngestSources = z.infer<typeof IngestSourcesSchema>;

const ListenerSchema = z.object({
  protocol: z.enum(MESSAGE_TRANSPORTS),
  address: z.string(),
  port: z.int(),
  listener: z.enum(LISTENER_KINDS),
  since: z.string().nullable(),
  received: z.int(),
  refused: Named,
  connections: z.int(),
  /** null = cannot be told. */
  kernelDrops: z.int().nullable(),
});

/** One that is to be open and is not: the port is taken, the address is not there. It is tried again and again. */
export const ListenerAwaySchema = z.object({
  protocol: z.enum(MESSAGE_TRANSPORTS),
  address: z.string(),
  port: z.int(),
  listener: z.enum(LISTENER_KINDS),
  why: z.string(),
  forSeconds: z.number(),
});
export type ListenerAway = z.infer<typeof ListenerAwaySchema>;

/** What a node's receiver says of itself, all since it started; null: it is not heard. */
const ReceiverStateSchema = z.object({
  since: z.string().nullable(),
  received: z.int(),
  journalBytes: z.int(),
  behindPeer: z.int(),
  peerLink: z.enum(['up', 'down']),
  kernelDrops: z.int(),
  /** Not taken by the journal: at its bound, or the disk too slow. */
  journalFull: z.int().nullable(),
  journalBacklog: z.int().nullable(),
  /** Of all sources, by reason. */
  refused: Named,
  listeners: z.array(ListenerSchema),
  /** Missing: a version that does not tell. */
  listenersAway: z.array(ListenerAwaySchema).optional(),
  /** Sources of which its report has no line of their own. */
  sourcesLeftOut: z.int().nullable(),
});
export type ReceiverState = z.infer<typeof ReceiverStateSchema>;

const MinuteSchema = z.object({ at: z.string(), received: Named, onlyAt: Named });

const StretchSchema = z.object({
  journalId: z.string(),
  /** Whose journal it is. */
  node: z.string(),
  /** Numbers of records, both inclusive. */
  from: z.int(),
  through: z.int(),
});

/** Records that were received and are not in the database, and that ingest went on behind (docs/visible-loss.md). */
const MissingSchema = z.object({
  /** The other node may have them and could not be asked: they are stored when it can be. Not all stretches may be told. */
  owed: z.object({ records: z.int(), stretches: z.array(StretchSchema.extend({ left: z.int() })) }),
  /** Neither node has them any more; noted since the manager started. null = this node does not ingest. */
  lost: z
    .object({
      since: z.string(),
      records: z.int(),
      stretches: z.array(StretchSchema.extend({ at: z.string(), why: z.string() })),
    })
    .nullable(),
});
export type IngestMissing = z.infer<typeof MissingSchema>;

/** GET /api/v1/ingest/summary. */
export const IngestSummarySchema = z.object({
  ...RangeSchema,
  answeredBy: z.string(),
  mode: z.enum(['off', 'passive', 'gated', 'active']),
  epoch: z.int(),
  /** Records that may be consumed and are not stored yet; null = this node does not ingest. */
  behind: z.int().nullable(),
  /** Left out by an older manager. */
  missing: MissingSchema.optional(),
  total: CountsSchema,
  receivers: z.array(z.object({ node: z.string(), state: ReceiverStateSchema.nullable() })),
  /** The last hour, oldest first; a minute in which nothing came is left out. */
  minutes: z.array(MinuteSchema),
});
export type IngestSummary = z.infer<typeof IngestSummarySchema>;
export type IngestMinute = z.infer<typeof MinuteSchema>;

/** A source that sends to both nodes, and of which too much came to one only. */
export const OneSidedSchema = z.object({
  source: z.string(),
  /** The node that lacks them. */
  missingAt: z.string(),
  /** Messages of this hour and the one before that came to the other node only, and all that are compared. */
  lost: z.int(),
  messages: z.int(),
});
export type OneSided = z.infer<typeof OneSidedSchema>;

const RecordPlaceSchema = z.object({
  /** The node on whose disk it lies. */
  on: z.string(),
  /** Whose journal it is, and where this one lies: `own` on the node that received it, `peer` the copy on the other one. */
  node: z.string(),
  side: z.enum(['own', 'peer']),
  journalId: z.string(),
  seq: z.int(),
  segment: z.string(),
  /** Of its frame in the segment's file. */
  offset: z.int(),
  bytes: z.int(),
});

/** A record as it was received. */
const RecordFactsSchema = z.object({
  node: z.string(),
  journalId: z.string(),
  seq: z.int(),
  kind: z.enum(MESSAGE_KINDS),
  transport: z.enum(MESSAGE_TRANSPORTS),
  /** null: known only as long as a journal holds it. */
  source: z.object({ address: z.string(), port: z.int().nullable() }),
  listener: z.object({ kind: z.enum(LISTENER_KINDS), address: z.string().nullable() }),
  /** The receiving node's wall clock, RFC 3339 with µs; and its monotonic clock. */
  receivedAt: z.string(),
  monotonicMs: z.number().nullable(),
  /** It may have come earlier by so much. */
  lateByUs: z.int(),
  /** The same on the clock of the first node by name, by the offset that is stored now; null = never measured. */
  correctedAt: z.string().nullable(),
  flags: z.array(z.string()),
  bytes: z.int(),
  text: z.string(),
});

/** What one node can tell of one message. */
export const IngestTraceSchema = z.object({
  asked: z.string(),
  answeredBy: z.string(),
  /** The record that is traced: that of the row, or the one that was asked for. */
  record: z.object({ node: z.string(), journalId: z.string(), seq: z.int() }),
  facts: RecordFactsSchema.nullable(),
  /** Where its bytes lie on this node. */
  places: z.array(RecordPlaceSchema),
  pairing: z.object({
    /** `both`: they are one row. `alone`: no copy is known. `never`: it is not compared. `unknown`. */
    kind: z.enum(['both', 'alone', 'never', 'unknown']),
    /** Which copy is the row, by what and within which window. */
    says: z.string(),
    /** What is compared, as a digest. */
    key: z.string().nullable(),
    windowMs: z.number(),
    offsetUs: z.number().nullable(),
    /** The copy: stored as such (`stored`), or found in the journals by the same rule (`found`); several: one of these. */
    copies: z.array(
      z
        .object({ how: z.enum(['stored', 'found']), facts: RecordFactsSchema.nullable(), places: z.array(RecordPlaceSchema) })
        .extend({
          node: z.string(),
          journalId: z.string(),
          seq: z.int(),
        }),
    ),
  }),
  commit: z
    .object({
      epoch: z.int(),
      /** Batches (`ingest_window.version`) in one of which it was consumed, first and last; and when these were committed. */
      batches: z.object({ from: z.int().nullable(), through: z.int() }),
      between: z.object({ from: z.string().nullable(), through: z.string().nullable() }),
    })
    .nullable(),
  rows: z.array(
    z.object({
      id: z.string(),
      journalId: z.string(),
      seq: z.int(),
      seenBy: z.array(z.string()),
      /** Its copy came after the row was written. */
      seenLater: z.array(z.object({ node: z.string(), journalId: z.string(), seq: z.int() })),
    }),
  ),
  /** What cannot be known any more, or not here, and why. */
  unknown: z.array(z.string()),
});
export type IngestTrace = z.infer<typeof IngestTraceSchema>;
export type TracedRecord = z.infer<typeof RecordFactsSchema>;
export type TracedPlace = z.infer<typeof RecordPlaceSchema>;
