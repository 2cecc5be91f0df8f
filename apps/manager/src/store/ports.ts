import { YosugaraError } from '@yosugara/kernel';
import type { MessageKind, Messages, MessageTransport } from '@yosugara/protocol';
import type { KeptAnswer } from '@yosugara/runtime';
import type {
  CommandAnswers,
  DatabaseActivity,
  Histogram,
  IngestReport,
  IngestTraces,
  LateBatches,
  OptionalIndexes,
  PartitionWidth,
} from '@yosugara/store';
import type { AuditTables } from '../access/audit-tables.js';
import type { PeopleTables } from '../access/people-tables.js';
import type { AgentTables } from '../agents/agent-tables.js';
import type { CapacityTables } from '../capacity/capacity-tables.js';
import type { InventoryTables } from '../inventory/inventory-tables.js';
import type { MibTables } from '../mibs/mib-tables.js';
import type { OperationsTables } from '../operations/operations-tables.js';
import type { RetentionTables } from '../retention/retention-tables.js';
import type { SecretTables } from '../secrets/secret-tables.js';
import type { SettingsTables } from '../settings/settings-tables.js';
import type { TakeOverTables } from '../take-overs/take-over-tables.js';

export const ROLES = ['admin', 'operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** The first one. */
export interface FirstUser {
  readonly login: string;
  readonly roles: readonly Role[];
  /** argon2id, PHC string. */
  readonly passwordHash: string;
  readonly mustChange: boolean;
}

export interface AuditEntry {
  readonly login: string;
  /** Stable short name, such as `login`, `login.refused`, `cluster.recover`. */
  readonly action: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly node: string;
  readonly epoch: number;
  /** Such as `user/7`; missing: as `detail` tells it. */
  readonly object?: string;
  /** false: it was refused. */
  readonly done?: boolean;
}

export interface MessageQuery {
  readonly text?: string | undefined;
  readonly source?: string | undefined;
  readonly host?: string | undefined;
  readonly app?: string | undefined;
  readonly proc?: string | undefined;
  /** Keyword. */
  readonly facility?: string | undefined;
  /** At least as severe as this keyword. */
  readonly severity?: string | undefined;
  readonly kind?: MessageKind | undefined;
  readonly transport?: MessageTransport | undefined;
  /** `SD-ID.parameter=value`, each. */
  readonly sd?: readonly string[] | undefined;
  /** `OID=value`, each. */
  readonly varbind?: readonly string[] | undefined;
  /** OIDs of notifications, any of them. */
  readonly traps?: readonly string[] | undefined;
  /** Received by this node only. */
  readonly onlyAt?: string | undefined;
  /** Why it was not understood whole; `any`. */
  readonly reason?: string | undefined;
  /** Of this journal, these numbers. */
  readonly records?: { readonly journalId: string; readonly fromSeq: number; readonly throughSeq: number } | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/**
 * Called as the last thing before COMMIT: throws when the lease or the epoch is gone, and the transaction is rolled back.
 */
export type CommitGuard = () => void;

/** A unique key is taken. */
export class AlreadyThereError extends YosugaraError {
  override readonly name = 'AlreadyThereError';
  constructor(what: string) {
    super('ALREADY_THERE', `${what} exists already`);
  }
}

export interface MakePartitions {
  readonly nowMs: number;
  readonly aheadDays: number;
  /** How wide new ones are made; default auto. */
  readonly width?: PartitionWidth;
}

/** Counts by source and hour, and which batch was when, are kept so long; counts by minute 8 days (docs/visible-loss.md). */
export const COUNTS_KEPT_MS = 35 * 86_400_000;

/** What commands of a key were answered. */
export interface AnswerTables extends Pick<CommandAnswers, 'find'> {
  settle(kept: KeptAnswer, epoch: number, guard: CommitGuard): Promise<void>;
  release(kept: KeptAnswer, epoch: number, guard: CommitGuard): Promise<void>;
  /** Lets old ones go. Resolves to how many. */
  retain(before: Date, most: number, epoch: number, guard: CommitGuard): Promise<number>;
}

/** What the manager needs of the database. Every call has a deadline; failures are those of `Connections`. */
export interface ManagerStore {
  /** Keeps connections open and says where the database is: `down`, `standby` (reads), `primary` (reads and writes). */
  probe(): Promise<'down' | 'standby' | 'primary'>;
  migrate(): Promise<void>;
  /** Takes away what nothing needs any more when the cluster is at that level. @returns the steps that were done. */
  contract(level: number, epoch: number, guard: () => void): Promise<readonly string[]>;
  /** On a hot standby: gets ready what a take-over would wait for. Resolves to whether nothing is to be migrated. */
  foresee(): Promise<boolean>;
  /** Writes down that `epoch` owns the database; an older owner's transactions are refused from now on. */
  claim(epoch: number, guard: CommitGuard): Promise<void>;
  /** Adds the user when there is no user at all. Resolves to whether it did. */
  addFirstUser(user: FirstUser, epoch: number, guard: CommitGuard): Promise<boolean>;
  hasUsers(): Promise<boolean>;
  /** @param kept in the same transaction. @throws AnswerKeptError */
  audit(entry: AuditEntry, guard: CommitGuard, kept?: KeptAnswer | null): Promise<void>;
  /** @throws AlreadyThereError */
  insertProbe(key: string, epoch: number, guard: CommitGuard): Promise<void>;
  listProbes(prefix: string): Promise<readonly string[]>;
  /** Ingest positions that both databases hold, from the hot standby of this node; null = it is none. */
  standbyPositions(): Promise<readonly { readonly journalId: string; readonly seq: number }[] | null>;
  /** Makes the table's days ahead. */
  makePartitions(options: MakePartitions, guard: CommitGuard): Promise<void>;
  /**
   * Gives the search indexes to partitions that were there before them, one partition at a time without locking anybody out.
   * Resolves to the indexes made. `optional`: null = those there are stay.
   */
  completeIndexes(optional: OptionalIndexes | null, epoch: number, guard: CommitGuard): Promise<readonly string[]>;
  readonly counts: Pick<IngestReport, 'countedSinceMs' | 'sources' | 'total' | 'minutes' | 'oneSided' | 'positions'>;
  readonly traces: Pick<IngestTraces, 'row' | 'rowsOfCopy' | 'rowsOfContent' | 'progress'>;
  /** What was stored more than a minute after it was received. */
  readonly late: Pick<LateBatches, 'version' | 'after'>;
  /** What goes on in the database server just now. */
  activity(): Promise<DatabaseActivity>;
  databaseBytes(): Promise<number>;
  readonly answers: AnswerTables;
  readonly people: PeopleTables;
  readonly auditLog: AuditTables;
  readonly mibs: MibTables;
  readonly settings: SettingsTables;
  readonly secrets: SecretTables;
  readonly operations: OperationsTables;
  readonly agents: AgentTables;
  readonly inventory: InventoryTables;
  readonly retention: RetentionTables;
  readonly capacity: CapacityTables;
  readonly takeOvers: TakeOverTables;
  /** Newest first. */
  searchMessages(query: MessageQuery): Promise<Messages>;
  /** How many there were when, in so many µs each. */
  countMessages(query: MessageQuery & { readonly since: Date; readonly until: Date }, binUs: number): Promise<Histogram>;
  close(): Promise<void>;
}
