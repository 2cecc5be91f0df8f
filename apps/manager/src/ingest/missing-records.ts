import type { RecordRef } from '@yosugara/operations';
import type { IngestMissing } from '@yosugara/protocol';
import { LostRecords, type LostStretch, nodeOfJournal, owedOf, type RefusedRow } from '@yosugara/runtime';

/** Stretches told of each kind. */
const MOST_STRETCHES = 100;

/** Records that ingest went on behind without them: since this process started, over the epochs in which it ingested. */
export class MissingRecords {
  readonly sinceMs = Date.now();
  readonly lost = new LostRecords();
  #owed: () => number = () => 0;

  /** The other node may have so many, and could not be asked. */
  get owed(): number {
    return this.#owed();
  }

  /** @param owed asked of the ingest that runs now. */
  follow(owed: () => number): void {
    this.#owed = owed;
  }

  /** Neither throws nor waits: ingest calls it. */
  readonly onLost = (stretch: LostStretch): void => this.lost.add(stretch, Date.now());

  /** Rows that are stored without what was read from their bytes. */
  refused = 0;
  readonly onRefused = (rows: readonly RefusedRow[]): void => void (this.refused += rows.length);
}

/** @param positions of the database, which knows what is owed on either node. @param known null: this node does not ingest. */
export function tellMissing(positions: readonly RecordRef[], known: MissingRecords | null): IngestMissing {
  const owed = owedOf(new Map(positions.map(({ journalId, seq }) => [journalId, seq])));
  return {
    owed: {
      records: owed.reduce((sum, { left }) => sum + left, 0),
      stretches: owed.slice(0, MOST_STRETCHES).map((lane) => ({ ...placeOf(lane), left: lane.left })),
    },
    lost: known === null ? null : tellLost(known),
  };
}

function tellLost({ sinceMs, lost }: MissingRecords): IngestMissing['lost'] {
  const stretches = lost
    .list()
    .slice(0, MOST_STRETCHES)
    .map((each) => ({ ...placeOf(each), at: new Date(each.atMs).toISOString(), why: each.why }));
  return { since: new Date(sinceMs).toISOString(), records: lost.records, stretches };
}

function placeOf({ journalId, from, through }: Omit<LostStretch, 'why'>) {
  return { journalId, node: nodeOfJournal(journalId), from, through };
}
