import type { LabCluster } from '../cluster/cluster.js';
import type { DataName } from '../cluster/layout.js';
import { query } from '../cluster/sql.js';
import { until } from '../host/shell.js';
import { Blast } from '../senders/blast.js';
import { demand, required, shell } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** Two segments of 16 MiB, and some. */
const LINES = 300_000;
const TAKEN_DEADLINE_MS = 180_000;
const COPY_DEADLINE_MS = 120_000;
const STORED_DEADLINE_MS = 300_000;
const REPAIR_DEADLINE_MS = 120_000;

const OWN = 'in its own journal';
const COPY = 'in its copy of the other node’s journal';

/** Rows wait: ingest tries again and again, and the journals are the buffer. @returns what lets it go on. */
async function holdIngest(cluster: LabCluster, master: DataName): Promise<() => Promise<void>> {
  // Of a session of its own, which a statement of ours ends; at the latest it ends by itself.
  const held = query(
    cluster.superuser(master),
    'BEGIN; LOCK TABLE message IN EXCLUSIVE MODE; SELECT pg_sleep(300) AS lab_hold; COMMIT',
    320_000,
  );
  held.catch(() => {});
  const holder = `SELECT pid FROM pg_locks WHERE relation = 'message'::regclass AND mode = 'ExclusiveLock' AND granted`;
  await until('the lock', 15_000, async () => ((await cluster.sql(master, holder)).length > 0 ? true : undefined));
  return async () => {
    await cluster.sql(master, `SELECT pg_terminate_backend(pid) FROM (${holder}) AS held`);
    await held.catch(() => {});
  };
}

interface Survey {
  readonly journalId: string;
  readonly side: 'own' | 'peer';
  readonly lastSeq: number;
  /** The oldest first; all but the newest are sealed. */
  readonly segments: readonly { readonly path: string; readonly lastSeq: number }[];
  readonly damage: readonly { readonly file: string; readonly why: string }[];
}

const verify = async (cluster: LabCluster, on: DataName): Promise<readonly Survey[]> =>
  JSON.parse(await cluster.answer(on, ['journal', 'verify'], 120_000)) as readonly Survey[];

interface Sealed {
  readonly journalId: string;
  readonly path: string;
  readonly lastSeq: number;
}

/** The newest segment that another one follows, of the journal that was written last. */
async function newestSealed(cluster: LabCluster, on: DataName, side: 'own' | 'peer'): Promise<Sealed> {
  // Journal ids begin with their node's name and grow with its boots.
  const journals = (await verify(cluster, on)).filter((each) => each.side === side && each.segments.length > 1);
  const newest = journals.toSorted((one, two) => (one.journalId < two.journalId ? -1 : 1)).at(-1);
  const { journalId, segments } = required(newest, `${on} has no sealed segment`);
  return { journalId, ...required(segments.at(-2), `${on} has no sealed segment`) };
}

/** Until then a damaged record is lost, and rightly so: no other disk has it. */
async function otherNodeHolds(cluster: LabCluster, other: DataName, { journalId, lastSeq }: Sealed): Promise<void> {
  await until(
    `${journalId} through ${lastSeq} on ${other}, too`,
    COPY_DEADLINE_MS,
    async () => {
      const held = (await verify(cluster, other)).find((each) => each.journalId === journalId);
      return held !== undefined && held.lastSeq >= lastSeq ? true : undefined;
    },
    500,
  );
}

/** One bit of a byte in the middle of the file. */
async function flip(cluster: LabCluster, on: DataName, path: string): Promise<void> {
  const script =
    'open(F, "+<", $ARGV[0]) or die; my $at = int((-s F) / 2); seek(F, $at, 0); read(F, my $b, 1); seek(F, $at, 0); print F chr(ord($b) ^ 4); close(F) or die;';
  await shell(cluster, on, `perl -e '${script}' '${path}'; sync`);
}

async function flipWhileIngestWaits({ cluster, target, other, variant, say, told }: Stage): Promise<void> {
  const side = variant === OWN ? 'own' : 'peer';
  const goOn = await holdIngest(cluster, target);
  try {
    // To one node only: there is no other record of these lines than this one and its copy.
    const lines = Blast.start(cluster, side === 'own' ? target : other, 'bit-flip', LINES, 0);
    await lines.taken(TAKEN_DEADLINE_MS);
    told.lines.push(lines);
    const sealed = await newestSealed(cluster, target, side);
    await otherNodeHolds(cluster, other, sealed);
    await flip(cluster, target, sealed.path);
    say(`a bit of ${side} ${sealed.path} on ${target} is another one; ${other} holds these records, too`);
    const found = (await verify(cluster, target)).flatMap(({ damage }) => damage);
    demand(
      found.some(({ file }) => file === sealed.path),
      `yosugara journal verify finds the damage, and names it: ${JSON.stringify(found)}`,
    );
  } finally {
    await goOn();
  }
  for (const lines of told.lines) await lines.demandStored(cluster, target, STORED_DEADLINE_MS);
}

/** Mended from the other node, without anybody asking. */
async function isSoundAgain({ cluster, target }: Stage): Promise<void> {
  await until(
    'a journal without damage',
    REPAIR_DEADLINE_MS,
    async () => ((await verify(cluster, target)).every(({ damage }) => damage.length === 0) ? true : undefined),
    2_000,
  );
}

export const JOURNALS: readonly Scenario[] = [
  scenario({
    name: 'IN3-journal-bit-flip',
    pattern: 'a bit flips in a sealed segment of the Master’s journals before ingest has read it',
    why: 'found, named, mended from the other node’s copy; not one line is lost',
    on: 'master',
    variants: [OWN, COPY],
    expect: 'untouched',
    comeback: 'by-itself',
    fault: flipWhileIngestWaits,
    look: isSoundAgain,
  }),
];
