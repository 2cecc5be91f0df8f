import { onJsonLines, sendLine } from '../os/lines.js';
import { PROBE_SQL, type ProbeRow } from './probe-query.js';
import type { ProbeKind, ProbeOrder } from './prober.js';
import { type SqlTarget, withSession } from './sql.js';
import { WRITE_SQL } from './write-watch.js';

/**
 * Probes from outside the controller: whatever hangs here (connect, a stat on a dead disk, a full pipe) hangs here only,
 * and the parent kills us at its own deadline. Ours is longer: it only cleans up.
 */
const OWN_DEADLINE_MS = 5_000;
/** Two that make the table at the same moment: `if not exists` does not see what is not committed yet, and one of them loses. */
const UNIQUE_VIOLATION = '23505';
let target: SqlTarget | null = null;
let kind: ProbeKind = 'look';

onJsonLines<ProbeOrder>(process.stdin, (order) => {
  if ('target' in order) {
    target = order.target;
    kind = order.probe;
    sendLine(process.stdout, { ready: true });
  } else void probe(order.id);
});
// A host that goes down tells everybody to end: the controller still needs us while it hands over, and ends us by this pipe.
process.on('SIGTERM', () => {});
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));

async function probe(id: number): Promise<void> {
  try {
    sendLine(process.stdout, { id, row: await (kind === 'look' ? look() : write()) });
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    sendLine(process.stdout, { id, code: code ?? 'UNKNOWN', message: message ?? String(error) });
  }
}

const look = async (): Promise<ProbeRow | undefined> =>
  await withSession(target!, OWN_DEADLINE_MS, async (session) => (await session.rows<ProbeRow>(PROBE_SQL))[0]);

async function write(): Promise<object> {
  const once = () => withSession(target!, OWN_DEADLINE_MS, async (session) => void (await session.rows(WRITE_SQL)));
  await once().catch(async (error: unknown) => {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    await once();
  });
  return {};
}
