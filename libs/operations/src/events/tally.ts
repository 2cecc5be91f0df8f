/** What one step consumed of one source at one node, in one minute of the node's clock (docs/visible-loss.md). Counts are to be added. */
export interface Tally {
  /** Whole minutes since 1970 UTC, of the time as journaled. */
  readonly minute: number;
  readonly source: string;
  readonly node: string;
  /** Records consumed. */
  readonly received: number;
  /** Records that have their copy of the other node; also of rows stored before, whose copy came now. */
  readonly matched: number;
  /** Records that never pair: by the floating address, or of a source that sends to one place only. */
  readonly unpaired: number;
}

type Counting = { -readonly [Key in keyof Tally]: Tally[Key] };

const MINUTE_US = 60_000_000;

export interface Counted {
  readonly node: string;
  readonly atUs: number;
  /** Missing: it is not counted. */
  readonly source?: string | undefined;
}

/** Of one step. Records come in the order of time, so the minute before is nearly always the one that is asked for next. */
export class Tallies {
  readonly #minutes = new Map<number, Map<string, Counting[]>>();

  /** A record was consumed. */
  received(record: Counted, how: 'matched' | 'alone' | 'unpaired'): void {
    const counts = this.#of(record);
    if (counts === null) return;
    counts.received++;
    if (how !== 'alone') counts[how]++;
  }

  /** A record that was consumed alone has its copy now. */
  matchedLate(record: Counted): void {
    const counts = this.#of(record);
    if (counts !== null) counts.matched++;
  }

  list(): readonly Tally[] {
    return [...this.#minutes.values()].flatMap((sources) => [...sources.values()].flat());
  }

  #of({ node, atUs, source }: Counted): Counting | null {
    if (source === undefined) return null;
    const minute = Math.floor(atUs / MINUTE_US);
    let sources = this.#minutes.get(minute);
    if (sources === undefined) this.#minutes.set(minute, (sources = new Map()));
    let nodes = sources.get(source);
    if (nodes === undefined) sources.set(source, (nodes = []));
    let counts = nodes.find((each) => each.node === node);
    if (counts === undefined) nodes.push((counts = { minute, source, node, received: 0, matched: 0, unpaired: 0 }));
    return counts;
  }
}
