import { readFileSync } from 'node:fs';
import { readIfThere } from './files.js';
import { commandLine, hiddenIn, processFact, workingDirectory } from './processes.js';

/** What a `postmaster.pid` or socket lock file left behind says, against what /proc says of it (P11). */
export interface LockEvidence {
  /** Somebody may still hold it: it must stay. */
  readonly held: boolean;
  readonly says: string;
}

/** Seconds by which a process may seem to have started after the file that it wrote: clocks tick in hundredths. */
const CLOCK_SLACK_S = 5;

/**
 * Lines of the file: pid, data directory, start time (seconds since 1970), port, socket folder, address, shared memory key and id.
 * Source: miscinit.c, pidfile.h. PostgreSQL itself only asks whether a process of that number exists, and takes a zombie, or a
 * stranger that was given the number again, for its own.
 */
export async function lockEvidence(file: string, pgdata: string): Promise<LockEvidence | null> {
  const text = await readIfThere(file);
  if (text === null) return null;
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10));
  const attached = attachments(Number(lines[6]?.split(/\s+/)[1]));
  if (attached !== null && attached > 0)
    return { held: true, says: `shared memory of process ${pid} is still attached by ${attached}` };
  if (!Number.isInteger(pid) || pid === 0) return { held: false, says: 'it holds no process number' };
  const fact = processFact(pid);
  if (fact === null) return { held: false, says: `process ${pid} is gone` };
  if (fact.state === 'Z' || fact.state === 'X') return { held: false, says: `process ${pid} is a zombie: nobody has reaped it` };
  const startedS = bootTimeS() + fact.startTicks / 100;
  const wroteS = Number(lines[2]);
  if (wroteS > 0 && startedS > wroteS + CLOCK_SLACK_S)
    return { held: false, says: `number ${pid} was given again, to ${commandLine(pid).slice(0, 60) || 'another program'}` };
  // Where it works may be hidden from us: its words tell.
  const cwd = workingDirectory(pid) ?? (hiddenIn(pgdata, [pid]).length > 0 ? pgdata : null);
  if (cwd !== pgdata && !/postgres|postmaster/.test(commandLine(pid)))
    return { held: false, says: `process ${pid} is ${commandLine(pid).slice(0, 60) || 'another program'}, not PostgreSQL` };
  if (cwd !== pgdata) return { held: false, says: `process ${pid} is a PostgreSQL of another directory (${cwd})` };
  return { held: true, says: `process ${pid} is alive in ${pgdata}` };
}

/** nattch of a System V shared memory segment; null: there is no such segment. proc(5), /proc/sysvipc/shm. */
function attachments(id: number): number | null {
  if (!Number.isInteger(id)) return null;
  try {
    const [head, ...rows] = readFileSync('/proc/sysvipc/shm', 'latin1').trim().split('\n');
    const names = head!.trim().split(/\s+/);
    const row = rows.map((line) => line.trim().split(/\s+/)).find((cells) => Number(cells[names.indexOf('shmid')]) === id);
    return row === undefined ? null : Number(row[names.indexOf('nattch')]);
  } catch {
    return null;
  }
}

const bootTimeS = (): number => Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? 0);
