import { join } from 'node:path';
import { type JournalKeys, journalsOf, locateRecord, type PlacedRecord, recordsBetween } from '@yosugara/journal';
import { InvalidInputError, rfc3339 } from '@yosugara/kernel';
import {
  MERGE_LIMITS,
  type Pairing,
  pairingContent,
  parseMessage,
  type RawRecord,
  type RecordRef,
  type SourceProperties,
} from '@yosugara/operations';
import { type IngestTrace, MessageFlag, STATE_LAYOUT, type TracedPlace, type TracedRecord } from '@yosugara/protocol';
import { contentDigest, VIA_VIP } from '@yosugara/runtime';
import { type IngestTraces, parseMessageId, type TracedRow } from '@yosugara/store';

export interface TracerParts {
  readonly node: string;
  /** The other data node. */
  readonly peer: string;
  readonly stateDir: string;
  /** Of encrypted journals. */
  readonly keys?: JournalKeys | undefined;
  readonly sources: ReadonlyMap<string, SourceProperties>;
  readonly traces: Pick<IngestTraces, 'row' | 'rowsOfCopy' | 'rowsOfContent' | 'progress'>;
}

/** Equal messages are many, now and then: so many are shown. */
const MOST_COPIES = 5;
const TEXT_CHARS = 500;
const { windowUs: WINDOW_US, maxLateUs: MAX_LATE_US } = MERGE_LIMITS;

const JOURNAL_RECORD = /^([a-z][a-z0-9_]{0,30}-[0-9a-z]{1,12}-[0-9a-f]{4,32}):([1-9]\d{0,14})$/;
const NODE_RECORD = /^([a-z][a-z0-9_]{0,30}):([1-9]\d{0,14})$/;

/** What is being found out. */
interface Case {
  readonly asked: string;
  readonly ref: RecordRef & { readonly node: string };
  readonly placed: PlacedRecord | null;
  /** The row of exactly this record. */
  readonly own: TracedRow | null;
  readonly offsetUs: number;
  readonly unknown: string[];
}

/**
 * The way of one message as this node can tell it: from its journal and its copy of the other node's, and from the database. Nothing is
 * guessed: what cannot be known is said.
 */
export class IngestTracer {
  readonly #p: TracerParts;
  constructor(parts: TracerParts) {
    this.#p = parts;
  }

  /** @returns null: neither a row nor a record of this is known here. @throws InvalidInputError — no id. */
  async trace(asked: string): Promise<IngestTrace | null> {
    const unknown: string[] = [];
    const found = await this.#recordOf(asked, unknown);
    if (found === null) return null;
    const { ref, placed, atUs } = found;
    const own = atUs === null ? null : await this.#p.traces.row(atUs, ref);
    if (placed === null && own === null) return null;
    const receivedAtUs = own?.receivedAtUs ?? placed?.record.receivedAtUs ?? null;
    const { position, offsetUs, commit } = await this.#p.traces.progress(ref, receivedAtUs);
    const now: Case = { asked, ref, placed, own, offsetUs, unknown };
    if (placed === null)
      unknown.push(
        `${this.#side(ref.node)} does not hold the record any more: its place, source port, listener and monotonic time are gone`,
      );
    const key = this.#keyOf(now);
    const rows = own === null ? await this.#rowsOfOther(now, key) : [own];
    const isConsumed = own !== null || (position !== null && ref.seq <= position);
    if (!isConsumed) unknown.push(`it is not consumed yet: ingest is at ${position ?? 0} of ${ref.journalId}`);
    else if (commit === null) unknown.push('no mark of its batch is kept: owner and time of its commit are not known any more');
    if (isConsumed && rows.length === 0)
      unknown.push(
        'it was consumed, and no row of it or of its copy is found: retention dropped it, or the copy’s clock was far off',
      );
    return {
      asked,
      answeredBy: this.#p.node,
      record: ref,
      facts: this.#factsOf(now),
      places: placed === null ? [] : [this.#placeOf(placed)],
      pairing: await this.#pairing(now, key, rows, isConsumed),
      commit: isConsumed ? commit : null,
      rows: rows.map(({ id, journalId, seq, seenBy, seenLater }) => ({
        ...{ id, journalId, seq, seenBy: [...seenBy], seenLater: [...seenLater] },
      })),
      unknown,
    };
  }

  async #recordOf(asked: string, unknown: string[]) {
    const id = parseMessageId(asked);
    if (id !== null) {
      const ref = this.#refOf(id.journalId, Number(id.seq));
      return { ref, placed: await this.#locate(ref), atUs: id.atUs };
    }
    const [, journalId, number] = JOURNAL_RECORD.exec(asked) ?? [];
    if (journalId !== undefined) {
      const ref = this.#refOf(journalId, Number(number));
      const placed = await this.#locate(ref);
      return placed === null ? null : { ref, placed, atUs: placed.record.receivedAtUs };
    }
    const [, node, ofNode] = NODE_RECORD.exec(asked) ?? [];
    if (node === undefined || ofNode === undefined)
      throw new InvalidInputError('id', asked, 'the id of a row, or journal:number, or node:number');
    return await this.#newestOf(node, Number(ofNode), unknown);
  }

  /** A node begins a new journal at every start: the number is looked for in the newest one that has it. */
  async #newestOf(node: string, seq: number, unknown: string[]) {
    const journals = await journalsOf(this.#dirOf(node), node);
    const also: string[] = [];
    let found: PlacedRecord | null = null;
    for (const { journalId } of journals) {
      const placed = await locateRecord(this.#dirOf(node), journalId, seq, this.#p.keys);
      if (placed === null) continue;
      if (found === null) found = placed;
      else also.push(`${journalId}:${seq}`);
    }
    if (found === null) return null;
    if (also.length > 0)
      unknown.push(`older journals of ${node} have this number, too: ${also.slice(0, MOST_COPIES).join(', ')}`);
    return { ref: this.#refOf(found.journalId, seq), placed: found, atUs: found.record.receivedAtUs };
  }

  /** It is a copy: of a row that was stored before, or of one that was stored with it in mind. */
  async #rowsOfOther({ ref, placed, offsetUs }: Case, key: string | null): Promise<readonly TracedRow[]> {
    if (placed === null) return [];
    const { receivedAtUs } = placed.record;
    const againUs = this.#pairingOf(placed.record)?.againForUs ?? 0;
    const lateByUs = Math.max(placed.record.lateByUs ?? 0, againUs);
    const other = ref.node === this.#p.node ? this.#p.peer : this.#p.node;
    const atUs = this.#onClockOf(other, ref.node, receivedAtUs, offsetUs);
    const [fromUs, throughUs] = [atUs - Math.min(lateByUs, MAX_LATE_US) - WINDOW_US, atUs + WINDOW_US + againUs];
    const stored = await this.#p.traces.rowsOfCopy(ref, fromUs - MAX_LATE_US, throughUs + MAX_LATE_US);
    if (stored.length > 0 || key === null) return stored;
    return await this.#p.traces.rowsOfContent(key, ref.node, fromUs, throughUs);
  }

  async #pairing(
    now: Case,
    key: string | null,
    rows: readonly TracedRow[],
    isConsumed: boolean,
  ): Promise<IngestTrace['pairing']> {
    const base = { key, windowMs: WINDOW_US / 1_000, offsetUs: now.offsetUs };
    if (key === null)
      return {
        ...base,
        kind: 'never',
        says: 'it is not compared: it came by the floating address, or its source sends to one place only',
        copies: [],
      };
    const stored = (now.own ?? rows[0])?.seenLater ?? [];
    const isBoth = (now.own === null && rows.length > 0) || stored.length > 0 || (now.own?.seenBy.length ?? 0) > 1;
    const found = await this.#copiesOf(now, key);
    const copies: IngestTrace['pairing']['copies'] = await Promise.all(
      stored
        .filter(({ journalId, seq }) => journalId !== now.ref.journalId || seq !== now.ref.seq)
        .map(async (ref) => ({ ...ref, ...(await this.#shown(ref, now.offsetUs)), how: 'stored' as const })),
    );
    for (const each of found)
      if (!copies.some(({ journalId, seq }) => journalId === each.journalId && seq === each.record.seq))
        copies.push({ ...this.#refOf(each.journalId, each.record.seq), ...this.#seen(each, now.offsetUs), how: 'found' });
    const kind = isBoth ? 'both' : !isConsumed ? 'unknown' : rows.length === 0 ? 'unknown' : 'alone';
    return { ...base, kind, says: saysOf(kind, now, rows, stored.length > 0, found.length), copies };
  }

  /** Records of the other node with the same content, by the rule of merge and the offset of now. */
  async #copiesOf({ ref, placed, own, offsetUs }: Case, key: string): Promise<readonly PlacedRecord[]> {
    const atUs = placed?.record.receivedAtUs ?? own?.receivedAtUs;
    if (atUs === undefined) return [];
    // Of an INFORM either copy may be the late one; the row knows besides what its line says of when it waited.
    const againUs = placed === null ? 0 : (this.#pairingOf(placed.record)?.againForUs ?? 0);
    const lateByUs = Math.min(Math.max(placed?.record.lateByUs ?? 0, own?.lateByUs ?? 0, againUs), MAX_LATE_US);
    const other = ref.node === this.#p.node ? this.#p.peer : this.#p.node;
    const there = this.#onClockOf(other, ref.node, atUs, offsetUs);
    const found: PlacedRecord[] = [];
    const range = { fromUs: there - lateByUs - WINDOW_US, throughUs: there + WINDOW_US + againUs };
    for await (const each of recordsBetween(this.#dirOf(other), other, range, this.#p.keys)) {
      if (this.#digestOf(each.record) !== key) continue;
      found.push(each);
      if (found.length === MOST_COPIES) break;
    }
    return found;
  }

  async #shown(ref: RecordRef, offsetUs: number) {
    const placed = await this.#locate(this.#refOf(ref.journalId, ref.seq));
    return placed === null ? { facts: null, places: [] } : this.#seen(placed, offsetUs);
  }

  #seen(placed: PlacedRecord, offsetUs: number) {
    const { node } = this.#refOf(placed.journalId, placed.record.seq);
    const facts = this.#facts(node, placed.journalId, placed.record, placed.record.monotonicMs, offsetUs);
    return { facts, places: [this.#placeOf(placed)] };
  }

  #factsOf({ ref, placed, own, offsetUs }: Case): TracedRecord | null {
    if (placed !== null) return this.#facts(ref.node, ref.journalId, placed.record, placed.record.monotonicMs, offsetUs);
    if (own === null) return null;
    // What the row has kept of it.
    const record: RawRecord = {
      ...{ seq: own.seq, receivedAtUs: own.receivedAtUs, lateByUs: own.lateByUs, kind: own.kind, raw: own.raw },
      ...{ transport: own.transport ?? 'udp', flags: own.flags & ~VIA_VIP, source: { address: own.source, port: 0 } },
      listener: { kind: (own.flags & VIA_VIP) === 0 ? 'own' : 'vip', address: '' },
    };
    return this.#facts(ref.node, ref.journalId, record, null, offsetUs);
  }

  #facts(node: string, journalId: string, record: RawRecord, monotonicMs: number | null, offsetUs: number): TracedRecord {
    const { seq, kind, transport, source, listener, receivedAtUs, lateByUs = 0, flags, raw } = record;
    const first = [this.#p.node, this.#p.peer].sort()[0]!;
    return {
      ...{ node, journalId, seq, kind, transport, lateByUs, monotonicMs, bytes: raw.length },
      source: { address: source.address, port: monotonicMs === null ? null : source.port },
      listener: { kind: listener.kind, address: monotonicMs === null ? null : listener.address },
      receivedAt: rfc3339(receivedAtUs),
      correctedAt: rfc3339(this.#onClockOf(first, node, receivedAtUs, offsetUs)),
      flags: Object.entries(MessageFlag).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name])),
      text: parseMessage(record, this.#p.sources.get(source.address)).text.slice(0, TEXT_CHARS),
    };
  }

  #keyOf({ placed, own }: Case): string | null {
    return placed === null ? (own?.content ?? null) : this.#digestOf(placed.record);
  }

  #digestOf(record: RawRecord): string | null {
    const content = this.#pairingOf(record);
    return content === null ? null : contentDigest(content);
  }

  #pairingOf(record: RawRecord): Pairing | null {
    return pairingContent(record, this.#p.sources.get(record.source.address));
  }

  /** The offset is the second node's clock minus the first's, by name. */
  #onClockOf(wanted: string, node: string, atUs: number, offsetUs: number): number {
    if (wanted === node) return atUs;
    return node < wanted ? atUs + offsetUs : atUs - offsetUs;
  }

  async #locate(ref: RecordRef & { readonly node: string }): Promise<PlacedRecord | null> {
    return await locateRecord(this.#dirOf(ref.node), ref.journalId, ref.seq, this.#p.keys);
  }

  #refOf(journalId: string, seq: number) {
    return { node: journalId.slice(0, journalId.indexOf('-')), journalId, seq };
  }

  #side(node: string): string {
    return node === this.#p.node ? `the journal of ${node}` : `the copy that ${this.#p.node} has of the journal of ${node}`;
  }

  #dirOf(node: string): string {
    return join(this.#p.stateDir, node === this.#p.node ? STATE_LAYOUT.journalOwn : STATE_LAYOUT.journalPeer);
  }

  #placeOf({ journalId, record, segment, offset, bytes }: PlacedRecord): TracedPlace {
    const { node } = this.#refOf(journalId, record.seq);
    const side = node === this.#p.node ? ('own' as const) : ('peer' as const);
    return { on: this.#p.node, node, side, journalId, seq: record.seq, segment, offset, bytes };
  }
}

function saysOf(
  kind: IngestTrace['pairing']['kind'],
  { own, ref }: Case,
  rows: readonly TracedRow[],
  isLate: boolean,
  found: number,
): string {
  const by = 'by equal kind, source and content';
  if (kind === 'unknown') return 'nothing is known of its copy yet';
  if (kind === 'alone')
    return found === 0
      ? `no copy of the other node: none is within the window ${by}`
      : `it is a row of its own, though ${found} equal record${found === 1 ? ' is' : 's are'} within the window at the other node: the partner of another one, or not consumed yet`;
  const which = own === null ? `the row is that of ${rows.map(({ node }) => node).join(', ')}` : `the row is that of ${ref.node}`;
  if (isLate) return `${which}; its copy came after the row was written and was found ${by}`;
  const several =
    found > 1 ? `; ${found} equal records are within the window, and which of them was the partner is not written down` : '';
  return `${which}; both were known when it was written, matched ${by}${several}`;
}
