import { YosugaraError } from '@yosugara/kernel';
import type { SettingInput, SettingKey } from '@yosugara/protocol';
import { PLAIN_SECRETS, type SecretCodec, type SettingsSource } from '@yosugara/runtime';
import {
  type Connections,
  type PutOptions,
  type SettingsChanged,
  type SettingsOutcome,
  SettingsRepository,
  SettingsWriter,
} from '@yosugara/store';
import { noteAudit } from '../store/audit.js';
import type { AuditEntry, CommitGuard } from '../store/ports.js';

/** Injection token. */
export const SETTINGS_TABLES = Symbol('SettingsTables');

/** A hundred thousand nodes at once are some seconds of PostgreSQL's time, and more where it has other things to do. */
const IMPORT_DEADLINE_MS = 120_000;
const ONE = 1;

export interface ChangeHow {
  readonly epoch: number;
  /** Of what was done, in its transaction. */
  readonly entry: (done: SettingsChanged) => AuditEntry;
  readonly guard: CommitGuard;
}

/** The tables of settings. Every call has a deadline; failures are those of `Connections`. A refusal is an answer: nothing was kept. */
export interface SettingsTables extends SettingsSource {
  get: SettingsRepository['get'];
  list: SettingsRepository['list'];
  counts: SettingsRepository['counts'];
  history: SettingsRepository['history'];
  referrersOf: SettingsRepository['referrersOf'];
  /** @param options.dryRun everything is done, and nothing kept. */
  put(
    settings: readonly SettingInput[],
    options: Omit<PutOptions, 'epoch'> & { readonly dryRun?: boolean },
    how: ChangeHow,
  ): Promise<SettingsOutcome>;
  remove(key: SettingKey, options: Omit<PutOptions, 'epoch'>, how: ChangeHow): Promise<SettingsOutcome>;
}

/** Carries an answer out of a transaction that is not to be kept. */
class NotKept extends YosugaraError {
  override readonly name = 'NotKept';
  readonly outcome: SettingsOutcome;
  constructor(outcome: SettingsOutcome) {
    super('NOT_KEPT', 'the transaction was rolled back on purpose');
    this.outcome = outcome;
  }
}

export function settingsTables(connections: Connections, secrets: SecretCodec = PLAIN_SECRETS): SettingsTables {
  const read = async <T>(work: (settings: SettingsRepository) => Promise<T>): Promise<T> =>
    await connections.read(async (db) => await work(new SettingsRepository(db, secrets)));
  const change = async (
    work: (writer: SettingsWriter) => Promise<SettingsOutcome>,
    { epoch, entry, guard }: ChangeHow,
    dryRun: boolean,
    deadlineMs?: number,
  ): Promise<SettingsOutcome> => {
    const changing = connections.write(
      epoch,
      async (db) => {
        const outcome = await work(new SettingsWriter(db, secrets));
        if (outcome.kind !== 'done' || dryRun) throw new NotKept(outcome);
        const { added, changed, removed } = outcome.counts;
        if (added + changed + removed > 0) await noteAudit(db, entry(outcome));
        return outcome;
      },
      guard,
      deadlineMs,
    );
    return await changing.catch((error: unknown) => {
      if (error instanceof NotKept) return error.outcome;
      throw error;
    });
  };
  return {
    since: async (known) => await read(async (settings) => await settings.since(known)),
    all: async (after, limit) => await read(async (settings) => await settings.all(after, limit)),
    changedSince: async (...how) => await read(async (settings) => await settings.changedSince(...how)),
    removedSince: async (version) => await read(async (settings) => await settings.removedSince(version)),
    get: async (key) => await read(async (settings) => await settings.get(key)),
    list: async (kind, query) => await read(async (settings) => await settings.list(kind, query)),
    counts: async (owners) => await read(async (settings) => await settings.counts(owners)),
    history: async (key, limit, before) => await read(async (settings) => await settings.history(key, limit, before)),
    referrersOf: async (key, limit) => await read(async (settings) => await settings.referrersOf(key, limit)),
    put: async (settings, { dryRun = false, ...options }, how) => {
      const deadlineMs = settings.length > ONE || options.deleteMissing !== undefined ? IMPORT_DEADLINE_MS : undefined;
      const put = async (writer: SettingsWriter) => await writer.put(settings, { ...options, epoch: how.epoch });
      return await change(put, how, dryRun, deadlineMs);
    },
    remove: async (key, options, how) =>
      await change(async (writer) => await writer.remove(key, { ...options, epoch: how.epoch }), how, false),
  };
}
