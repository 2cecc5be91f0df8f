import { type Connections, keepAnswer, SessionRepository, TokenRepository, UserRepository } from '@yosugara/store';
import { keptAs } from '../http/commands.js';
import { noteAudit } from '../store/audit.js';
import type { AuditEntry, CommitGuard } from '../store/ports.js';

/** People, their sessions and tokens, within one transaction. */
export interface People {
  readonly users: UserRepository;
  readonly sessions: SessionRepository;
  readonly tokens: TokenRepository;
  note(entry: AuditEntry): Promise<void>;
  /** What the command under way is answered, if it came with a key. */
  keep(answer: object): Promise<void>;
}

/** Failures are those of `Connections`. */
export interface PeopleTables {
  read<T>(work: (people: Omit<People, 'note' | 'keep'>) => Promise<T>): Promise<T>;
  /** All of it or nothing: what throws leaves no trace. */
  change<T>(epoch: number, work: (people: People) => Promise<T>, guard: CommitGuard): Promise<T>;
}

type Db = Parameters<Parameters<Connections['read']>[0]>[0];
const repositories = (db: Db) => ({
  users: new UserRepository(db),
  sessions: new SessionRepository(db),
  tokens: new TokenRepository(db),
});

export const peopleTables = (connections: Connections): PeopleTables => ({
  read: async (work) => await connections.read(async (db) => await work(repositories(db))),
  change: async (epoch, work, guard) =>
    await connections.write(
      epoch,
      async (db) =>
        await work({
          ...repositories(db),
          note: async (entry) => await noteAudit(db, entry),
          keep: async (answer) => {
            const kept = keptAs(answer);
            if (kept !== null) await keepAnswer(db, kept);
          },
        }),
      guard,
    ),
});
