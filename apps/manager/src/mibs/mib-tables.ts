import { YosugaraError } from '@yosugara/kernel';
import {
  type Connections,
  MibRepository,
  type MibResult,
  type MibSource,
  type MibSummary,
  type MibToPut,
  type MibVersion,
} from '@yosugara/store';
import { noteAudit } from '../store/audit.js';
import type { AuditEntry, CommitGuard } from '../store/ports.js';

/** Injection token. */
export const MIB_TABLES = Symbol('MibTables');

/** Other modules import from it. */
export class MibInUseError extends YosugaraError {
  override readonly name = 'MibInUseError';
  constructor(module: string, by: readonly string[]) {
    const named = by.slice(0, 10).join(', ');
    const more = by.length > 10 ? ` and ${by.length - 10} more` : '';
    super('MIB_IN_USE', `${module} is imported by ${named}${more}: delete ${by.length === 1 ? 'that' : 'those'} first`);
  }
}

export class MibStoreFullError extends YosugaraError {
  override readonly name = 'MibStoreFullError';
  constructor(bytes: number, modules: number, most: MostMibs) {
    super(
      'MIB_STORE_FULL',
      `with these there would be ${modules} modules of ${bytes} bytes; at most ${most.modules} of ${most.bytes} are kept: delete what no device sends`,
    );
  }
}

export interface MostMibs {
  readonly bytes: number;
  readonly modules: number;
}

/** The tables of MIB modules. Every call has a deadline; failures are those of `Connections`. */
export interface MibTables {
  version(): Promise<MibVersion>;
  list(names?: readonly string[]): Promise<readonly MibSummary[]>;
  importersOf(name: string): Promise<readonly string[]>;
  sources(): Promise<readonly MibSource[]>;
  source(name: string): Promise<string | null>;
  objectDigests: MibRepository['objectDigests'];
  objects: MibRepository['objects'];
  notificationsOf: MibRepository['notificationsOf'];
  descriptionOf: MibRepository['descriptionOf'];
  /** Resolves to the version that has them. @throws MibStoreFullError */
  put(modules: readonly MibToPut[], by: string, most: MostMibs, entry: AuditEntry, guard: CommitGuard): Promise<number>;
  /** Resolves to the version without it; null = there is no such module. @throws MibInUseError */
  remove(name: string, entry: AuditEntry, guard: CommitGuard): Promise<number | null>;
  storeResults(wanted: number, results: readonly MibResult[], epoch: number, guard: CommitGuard): Promise<boolean>;
  finish(wanted: number, compiler: number, epoch: number, guard: CommitGuard): Promise<boolean>;
}

type Db = ConstructorParameters<typeof MibRepository>[0];

export function mibTables(connections: Connections): MibTables {
  const read = async <T>(work: (mibs: MibRepository) => Promise<T>): Promise<T> =>
    await connections.read(async (db) => await work(new MibRepository(db)));
  const write = async <T>(epoch: number, work: (mibs: MibRepository, db: Db) => Promise<T>, guard: CommitGuard): Promise<T> =>
    await connections.write(epoch, async (db) => await work(new MibRepository(db), db), guard);
  return {
    version: async () => await read(async (mibs) => await mibs.version()),
    list: async (names) => await read(async (mibs) => await mibs.list(names)),
    importersOf: async (name) => await read(async (mibs) => await mibs.importersOf(name)),
    sources: async () => await read(async (mibs) => await mibs.sources()),
    source: async (name) => await read(async (mibs) => await mibs.source(name)),
    objectDigests: async () => await read(async (mibs) => await mibs.objectDigests()),
    objects: async (modules) => await read(async (mibs) => await mibs.objects(modules)),
    notificationsOf: async (module, limit) => await read(async (mibs) => await mibs.notificationsOf(module, limit)),
    descriptionOf: async (module, oid) => await read(async (mibs) => await mibs.descriptionOf(module, oid)),
    put: async (modules, by, most, entry, guard) =>
      await write(
        entry.epoch,
        async (mibs, db) => {
          const done = await mibs.put(modules, by, most);
          if (done.kind === 'full') throw new MibStoreFullError(done.bytes, done.modules, most);
          await noteAudit(db, entry);
          return done.wanted;
        },
        guard,
      ),
    remove: async (name, entry, guard) =>
      await write(
        entry.epoch,
        async (mibs, db) => {
          const done = await mibs.remove(name);
          if (done.kind === 'imported') throw new MibInUseError(name, done.by);
          if (done.kind === 'unknown') return null;
          await noteAudit(db, entry);
          return done.wanted;
        },
        guard,
      ),
    storeResults: async (wanted, results, epoch, guard) =>
      await write(epoch, async (mibs) => await mibs.storeResults(wanted, results), guard),
    finish: async (wanted, compiler, epoch, guard) =>
      await write(epoch, async (mibs) => await mibs.finish(wanted, compiler), guard),
  };
}
