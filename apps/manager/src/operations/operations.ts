import {
  createNotifier,
  createProbes,
  type ProbesOptions,
  re2Patterns,
  type SenderSettings,
  sendLink,
} from '@yosugara/connectors';
import { type Clock, type Log, YosugaraError } from '@yosugara/kernel';
import { mayTell, type Result, type SourceProperties } from '@yosugara/operations';
import type { MailServerBody, NotificationBody, RestAccessBody } from '@yosugara/protocol';
import {
  type AskedLook,
  derivedProbe,
  type Escalations,
  type JobErrands,
  type LineOperations,
  lineOperations,
  NewestValues,
  type OperationsBatch,
  type OperationsStore,
  type OutboxStore,
  type Probe,
  SettingsJobRules,
  SettingsRules,
  SettingsTimes,
  type Settlement,
} from '@yosugara/runtime';
import type { Agents } from '../agents/agents.js';
import { monitorOnce } from '../jobs/monitor-once.js';
import { type JobParts, type RunningJobs, startTold } from '../jobs/run-jobs.js';
import type { StartIngest } from '../lifecycle.js';
import type { MibNames } from '../mibs/mib-names.js';
import type { LiveSettings } from '../settings/live-settings.js';
import type { OperationsTables } from './operations-tables.js';
import { readingsOf } from './readings.js';
import { type OperationsStats, type RunningOperations, startOperations, withOperations } from './start-operations.js';
import { StoredOperations } from './stored-operations.js';

export interface OperationsOptions {
  readonly store: OperationsStore;
  readonly outbox: OutboxStore;
  /** What was collected, for monitors that are made of it. */
  readonly collected: Pick<OperationsTables, 'series' | 'values' | 'linesCounted'>;
  readonly live: LiveSettings;
  readonly mibs: Pick<MibNames, 'now'>;
  readonly sources: ReadonlyMap<string, SourceProperties>;
  readonly clock: Clock;
  readonly log: Log;
  /** Those that connect to this node; null or missing: there are none. */
  readonly agents?: Agents | null;
  /** Missing: no jobs run. */
  readonly jobs?: Pick<JobParts, 'store' | 'handle'>;
  /** Default: all there are. */
  readonly probes?: () => readonly Probe[];
}

/** All that looks, judges and tells in this process, while it may. */
export class Operations {
  readonly live: LiveSettings;
  readonly stored = new StoredOperations();
  /** What monitors make of lines, for ingest. */
  readonly lines: LineOperations;
  readonly #newest = new NewestValues();
  readonly #o: OperationsOptions;
  readonly #rules: SettingsRules;
  readonly #ready: () => Promise<void>;
  #running: RunningOperations | null = null;
  #jobs: RunningJobs | null = null;

  constructor(options: OperationsOptions) {
    const { live, store, sources, clock } = options;
    this.#o = options;
    this.live = live;
    const { snapshot } = live;
    this.#rules = new SettingsRules({
      ...{ snapshot, times: new SettingsTimes(snapshot), patterns: re2Patterns(), sources },
      probed: new Set(this.#probes().flatMap(({ types }) => types)),
    });
    this.#ready = async () => void (await live.refresh());
    this.lines = lineOperations({ store, ready: this.#ready, rules: () => this.#rules, clock });
  }

  /** What ingest stored. Neither throws nor waits. */
  readonly onOperated = (batch: OperationsBatch): void => {
    if (batch.outbox.length > 0) this.#running?.poke();
    this.#tell(batch);
  };

  #tell(batch: OperationsBatch): void {
    this.#newest.tell(batch);
    this.stored.tell(batch);
  }

  /** null = they do not run. */
  stats(): OperationsStats | null {
    return this.#running?.stats() ?? null;
  }

  /** When each loop last went around; null = they do not run. */
  movedAtMs(): Readonly<Record<string, number | null>> | null {
    return this.#running?.movedAtMs() ?? null;
  }

  /** A result of ourselves. Resolves when it is stored. @throws when it cannot be now. */
  async tell(result: Result): Promise<void> {
    if (this.#running === null) throw new YosugaraError('NOT_TOLD', 'nothing is stored by this node now');
    await this.#running.tell(result);
  }

  /** A look besides the schedule (`MonitorLoop.look`); null = not by this node now. */
  look(monitor: string, facility: string): AskedLook | null {
    return this.#running?.look(monitor, facility) ?? null;
  }

  /** See RunningOperations.test; null = not by this node now. */
  test(result: Result, entry: string | null, over: AbortSignal): Promise<Settlement | 'stored' | null> | null {
    return this.#running?.test(result, entry, over) ?? null;
  }

  /** Begins and ends with ingest. */
  around(startIngest: StartIngest): StartIngest {
    const { store, outbox, clock, log } = this.#o;
    const parts = {
      ...{ store, rules: this.#rules, ready: this.#ready, probes: () => this.#probes(), clock, log },
      outbox: { store: outbox, notifier: createNotifier(this.#senderSettings()), escalations: this.#escalations() },
      onStored: (batch: OperationsBatch) => this.#tell(batch),
      onJobs: (jobs: RunningJobs | null) => {
        this.#jobs = jobs;
      },
      ...this.#jobParts(),
    };
    return withOperations(
      startIngest,
      (epoch, permitted) => startOperations(parts, epoch, permitted),
      (running) => {
        this.#running = running;
      },
    );
  }

  #jobParts() {
    const { jobs, agents = null, clock } = this.#o;
    if (jobs === undefined) return {};
    const { snapshot } = this.live;
    const hasJoined = (agent: string) => agents?.register.has(agent) === true;
    const rules = new SettingsJobRules({ snapshot, rules: this.#rules, patterns: re2Patterns(), hasJoined });
    const settings = this.#senderSettings();
    return {
      jobs: (probes: readonly Probe[]) => ({
        ...{ ...jobs, agents, rules: () => rules },
        errands: {
          monitor: async (...[monitor, facility, deadlineMs, signal]: Parameters<JobErrands['monitor']>) => {
            const parts = { snapshot, rules: this.#rules, probes: () => probes, wallMs: () => clock.wallMs() };
            return await monitorOnce(parts, monitor, facility, deadlineMs, signal);
          },
          link: async (...[to, message, deadlineMs, signal]: Parameters<JobErrands['link']>) =>
            await sendLink(settings, to, message, { deadlineMs, signal }),
        },
      }),
    };
  }

  #probes(): readonly Probe[] {
    const { probes, collected } = this.#o;
    const outside = probes?.() ?? createProbes(this.#probesOptions());
    return [...outside, derivedProbe(readingsOf(this.#newest, collected))];
  }

  #probesOptions(): ProbesOptions {
    const { mibs, agents } = this.#o;
    return { patterns: re2Patterns(), oidOf: (name) => mibs.now().oidOf(name), agents: agents?.links ?? null };
  }

  /** As they are when something is sent. */
  #senderSettings(): SenderSettings {
    const { snapshot } = this.live;
    return {
      mailServer: (id) => (snapshot.get('mail-server', id)?.body as MailServerBody | undefined) ?? null,
      restAccess: (id) => (snapshot.get('rest-access', id)?.body as RestAccessBody | undefined) ?? null,
      trap: (id) => {
        const body = snapshot.get('notification', id)?.body as NotificationBody | undefined;
        return body?.kind === 'trap' ? body : null;
      },
      startJob: async (payload, told) => await startTold(this.#jobs?.control ?? null, payload, told),
    };
  }

  #escalations(): Escalations {
    const rules = this.#rules;
    return {
      setting: (id) => rules.notification(id),
      target: (id, priority) => {
        const setting = rules.notification(id);
        if (setting === null) return null;
        const isOpen = () => rules.calendarOpen(setting.body.calendar, this.#o.clock.wallMs());
        return mayTell(setting, priority, isOpen) ? setting.body.kind : null;
      },
      entryOf: (told, nowMs) => rules.outbox(told, nowMs),
    };
  }
}
