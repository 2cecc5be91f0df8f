import type { SecretCodec } from '@yosugara/runtime';
import {
  type Connections,
  type SecretsPart,
  type SecretsPlace,
  SecretsRepository,
  type SecretsTable,
  type UsedKey,
} from '@yosugara/store';
import { noteAudit } from '../store/audit.js';
import type { AuditEntry, CommitGuard } from '../store/ports.js';

/** Keys in use, and rows that are encrypted anew. Every call has a deadline; failures are those of `Connections`. */
export interface SecretTables {
  keys(): Promise<readonly UsedKey[]>;
  use(id: string, entry: AuditEntry, guard: CommitGuard): Promise<void>;
  complete(id: string, epoch: number, guard: CommitGuard): Promise<void>;
  /** One transaction of bounded length. */
  rewrite(table: SecretsTable, after: SecretsPlace, limit: number, epoch: number, guard: CommitGuard): Promise<SecretsPart>;
}

export function secretTables(connections: Connections, codec: SecretCodec): SecretTables {
  return {
    keys: async () => await connections.read(async (db) => await new SecretsRepository(db).keys()),
    use: async (id, entry, guard) =>
      await connections.write(
        entry.epoch,
        async (db) => {
          await new SecretsRepository(db).use(id);
          await noteAudit(db, entry);
        },
        guard,
      ),
    complete: async (id, epoch, guard) =>
      await connections.write(epoch, async (db) => await new SecretsRepository(db).complete(id), guard),
    rewrite: async (table, after, limit, epoch, guard) =>
      await connections.write(epoch, async (db) => await new SecretsRepository(db).rewrite(table, codec, after, limit), guard),
  };
}
