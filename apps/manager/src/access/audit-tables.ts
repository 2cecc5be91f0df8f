import { type AuditLine, type AuditPosition, AuditRepository, type AuditSearch, type Connections } from '@yosugara/store';
import type { CommitGuard } from '../store/ports.js';

/** The log of who did what, read. Failures are those of `Connections`. */
export interface AuditTables {
  search(search: AuditSearch): Promise<readonly AuditLine[]>;
  position(target: string): Promise<AuditPosition | null>;
  end(): Promise<AuditPosition>;
  since(position: AuditPosition, limit: number): ReturnType<AuditRepository['since']>;
  setPosition(target: string, position: AuditPosition, epoch: number, guard: CommitGuard): Promise<void>;
}

export function auditTables(connections: Connections): AuditTables {
  const read = async <T>(work: (audit: AuditRepository) => Promise<T>): Promise<T> =>
    await connections.read(async (db) => await work(new AuditRepository(db)));
  return {
    search: async (search) => await read(async (audit) => await audit.search(search)),
    position: async (target) => await read(async (audit) => await audit.position(target)),
    end: async () => await read(async (audit) => await audit.end()),
    since: async (position, limit) => await read(async (audit) => await audit.since(position, limit)),
    setPosition: async (target, position, epoch, guard) =>
      await connections.write(epoch, async (db) => await new AuditRepository(db).setPosition(target, position), guard),
  };
}
