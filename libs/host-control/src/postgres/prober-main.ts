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
    const row = await withSession(target!, OWN_DEADLINE_MS, async (session) => {
      if (kind === 'look') return (await session.rows<ProbeRow>(PROBE_SQL))[0];
      await session.rows(WRITE_SQL);
      return {};
    });
    sendLine(process.stdout, { id, row });
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    sendLine(process.stdout, { id, code: code ?? 'UNKNOWN', message: message ?? String(error) });
  }
}
