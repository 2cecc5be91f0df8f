import type { Clock, Log } from '@yosugara/kernel';
import { SettingsTimes } from '@yosugara/runtime';
import { AuditKeeper } from './access/audit-keeper.js';
import type { ManagerConfig } from './config.js';
import type { Authority } from './control/authority.js';
import type { ControlQuestion } from './control/client.js';
import type { Lifecycle } from './lifecycle.js';
import { operationsKeeper } from './operations/keeper.js';
import type { Operations } from './operations/operations.js';
import { Cleaner } from './retention/cleaner.js';
import { fileDaysOf } from './retention/file-days.js';
import { RetentionRules } from './retention/rules.js';
import { tellAll } from './self/deliver.js';
import type { LiveSettings } from './settings/live-settings.js';
import { housekeeping } from './store/housekeeping.js';
import type { ManagerStore } from './store/ports.js';
import { TakeOverWatch } from './take-overs/take-over-watch.js';

export interface UpkeepParts {
  readonly config: ManagerConfig;
  readonly store: ManagerStore;
  readonly authority: Authority;
  readonly lifecycle: Lifecycle;
  readonly liveSettings: LiveSettings;
  readonly operations: Pick<Operations, 'tell' | 'movedAtMs'> | undefined;
  readonly ask: (question: ControlQuestion, deadlineMs: number) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Upkeep {
  readonly times: SettingsTimes;
  readonly rules: RetentionRules;
  readonly cleaner: Cleaner;
  stop(): Promise<void>;
}

/** What a Master does with its database besides its work: partitions and indexes, old rows, the audit trail, the record of take-overs. */
export function startUpkeep(parts: UpkeepParts): Upkeep {
  const { config, store, authority, lifecycle, liveSettings, operations, ask, clock, log } = parts;
  const owner = { authority, isReady: () => lifecycle.isReady(), clock, log };
  const { partitions, hourlyFromGib, textIndex, structuredIndex } = config.config.messages;
  const messages = housekeeping({
    ...{ ...owner, store },
    width: { width: partitions, hourlyFromBytes: hourlyFromGib * 1024 ** 3 },
    indexes: { text: textIndex === 'trigram', structured: structuredIndex },
  });
  const times = new SettingsTimes(liveSettings.snapshot);
  const rules = new RetentionRules(fileDaysOf(config.config), () => liveSettings.snapshot, times);
  const cleaner = new Cleaner({
    ...{ ...owner, tables: store.retention, rules },
    tell: async (result) => void (await tellAll(operations, [result])),
  });
  const keeper = operationsKeeper({
    ...{ ...owner, tables: store.operations },
    valueDays: () => rules.kept().values.days ?? config.config.retention.valueDays,
  });
  const auditKeeper = new AuditKeeper({
    ...{ ...owner, store, access: config.config.access, cluster: config.config.cluster.id },
  });
  const takeOvers = new TakeOverWatch({
    ...{ node: config.node, ask, authority, lifecycle, tables: store.takeOvers, clock, log },
    runsJobs: () => operations?.movedAtMs()?.['jobs'] != null,
  });
  for (const each of [messages, keeper, cleaner, auditKeeper, takeOvers]) each.start();
  return {
    ...{ times, rules, cleaner },
    stop: async () => {
      messages.stop();
      keeper.stop();
      await cleaner.stop();
      await takeOvers.stop();
      await auditKeeper.stop();
    },
  };
}
