import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

interface Written {
  /** This host's clock, which is also the database's: before it was sent, and when its commit was acknowledged. */
  readonly sentMs: number;
  ackMs: number | null;
}

/** Between two rows of a session: a load, not a contest for the disk that the backup and its WAL need, too. */
const PAUSE_MS = 5;

/** Sessions that write one numbered row after the other, and what was acknowledged to them, with the times. */
export class NumberedWriters {
  readonly #sessions: readonly ChildProcess[];
  readonly #rows = new Map<number, Written>();
  #next = 1;
  #acknowledged = 0;
  #stopped = false;

  /** @param psql for one session that may write to `numbered`. */
  constructor(count: number, psql: { readonly args: readonly string[]; readonly password: string }) {
    const env = { PATH: process.env['PATH'] ?? '', PGPASSWORD: psql.password };
    this.#sessions = Array.from({ length: count }, () => {
      const session = spawn('psql', psql.args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
      session.stdin.on('error', () => {});
      createInterface({ input: session.stdout }).on('line', (line) => {
        this.#rows.get(Number(line))!.ackMs = Date.now();
        this.#acknowledged += 1;
        setTimeout(() => this.#write(session), PAUSE_MS);
      });
      this.#write(session);
      return session;
    });
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** What is there, against what was acknowledged by then: what was under way at that moment may be there or not. */
  compare(found: readonly number[], atMs: number) {
    const there = new Set(found);
    const by = [...this.#rows].filter(([, { ackMs }]) => ackMs !== null && ackMs < atMs).map(([n]) => n);
    const known = new Set(by);
    const more = found.filter((n) => !known.has(n));
    const notYetWritten = more.filter((n) => (this.#rows.get(n)?.sentMs ?? Number.POSITIVE_INFINITY) > atMs).length;
    return {
      ...{ acknowledged: by.length, restored: found.length, lost: by.filter((n) => !there.has(n)).length },
      ...{ underWay: more.length - notYetWritten, notYetWritten },
    };
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await Promise.all(
      this.#sessions.map(async (session) => {
        if (session.exitCode !== null || session.signalCode !== null) return;
        const gone = new Promise((resolve) => session.once('exit', resolve));
        session.kill('SIGKILL');
        await gone;
      }),
    );
  }

  #write(session: ChildProcess): void {
    if (this.#stopped) return;
    const n = this.#next++;
    this.#rows.set(n, { sentMs: Date.now(), ackMs: null });
    session.stdin!.write(`insert into numbered values (${n}) returning n;\n`);
  }
}
