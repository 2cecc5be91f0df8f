import { type Clock, parseLsn } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';

/** Where the Master's WAL ended, at some moment. */
interface Mark {
  readonly atMs: number;
  readonly end: number;
}

export type SiteLoss = NonNullable<Status['siteLoss']>;

/** Beyond, every other one of the older half goes: the longer ago, the coarser. */
const MOST_MARKS = 1_200;
const EVERY_MS = 1_000;

/**
 * What would be gone if the site of the Master were lost now: the copy in another site follows without being waited for. Bytes from both ends of
 * the WAL, seconds from when the Master's end was where the copy's is. While the copy is not heard what was last heard of it counts, and the
 * seconds go on; of a Master that is not heard only they are known.
 */
export class SiteLossWatch {
  readonly #status: () => Status;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #marks: readonly Mark[] = [];
  /** Of copies, the last end that was heard. */
  readonly #held = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(status: () => Status, clock: Pick<Clock, 'monotonicMs'>) {
    this.#status = status;
    this.#clock = clock;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The status, with the loss in it. */
  status(): Status {
    const status = this.#status();
    return { ...status, siteLoss: this.#lossOf(status) };
  }

  look(): void {
    const status = this.#status();
    const end = endOf(status, status.master);
    for (const { name, kind, lsn } of status.nodes) if (kind === 'dr' && lsn !== null) this.#held.set(name, parseLsn(lsn));
    if (end === null) return;
    // What lies beyond was given up by a promotion.
    const marks = [...this.#marks.filter((mark) => mark.end <= end), { atMs: this.#clock.monotonicMs(), end }];
    const half = marks.length >> 1;
    this.#marks = marks.length <= MOST_MARKS ? marks : marks.filter((_, at) => at >= half || at % 2 === 0);
  }

  #lossOf(status: Status): SiteLoss | null {
    const copy = status.nodes.find(({ kind, name }) => kind === 'dr' && name !== status.master);
    if (copy === undefined) return null;
    const held = copy.lsn === null ? (this.#held.get(copy.name) ?? null) : parseLsn(copy.lsn);
    const end = endOf(status, status.master) ?? this.#endLately();
    const isHeard = copy.reachable && copy.postgres.includes('streaming') && status.master !== null;
    const bytes = held === null || end === null ? null : Math.max(0, end - held);
    return { to: copy.name, bytes, seconds: this.#secondsOf(held, bytes), isFollowing: isHeard };
  }

  #endLately(): number | null {
    const newest = this.#marks.at(-1);
    return newest !== undefined && this.#clock.monotonicMs() - newest.atMs < FRESH_MS ? newest.end : null;
  }

  /** At most so much: a write that is gone came after the Master's end was last seen at or before what the copy holds. */
  #secondsOf(held: number | null, bytes: number | null): number | null {
    const newest = this.#marks.at(-1);
    if (held === null || newest === undefined) return null;
    const nowMs = this.#clock.monotonicMs();
    if (bytes === 0) return 0;
    const mark = this.#marks.findLast(({ end }) => end <= held);
    return mark === undefined ? null : Math.max(0, nowMs - mark.atMs) / 1_000;
  }
}
/** A Master that was heard within it has written nothing that we do not know of. */
const FRESH_MS = 3_000;

function endOf({ nodes }: Status, master: string | null): number | null {
  const lsn = master === null ? undefined : nodes.find(({ name }) => name === master)?.lsn;
  return lsn == null ? null : parseLsn(lsn);
}
