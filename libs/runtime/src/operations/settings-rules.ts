import {
  type CompiledMonitor,
  type CountedLine,
  compileMonitor,
  type EndingWindow,
  judge,
  LineCounter,
  LineJudge,
  type LineWorld,
  maintenanceSentence,
  type NewsOfAgent,
  type NotificationSetting,
  type ParsedMessage,
  type PatternPort,
  type PayloadSettings,
  type Result,
  type Sample,
  type SourceProperties,
  samplesOfNews,
  type TellContext,
  type Told,
  UNREGISTERED,
} from '@yosugara/operations';
import {
  isPolled,
  type MailTemplateBody,
  type MonitorBody,
  type NotificationBody,
  type RestAccessBody,
} from '@yosugara/protocol';
import type { MessageToStore } from '../ingest/ports.js';
import type { SettingsSnapshot } from '../settings/index.js';
import type { SettingsTimes } from '../settings/times.js';
import { eventToStoreOf, outboxEntryOf, statusToStoreOf } from './outbox-entry.js';
import type { EventToStore, OutboxEntry, StatusToStore } from './ports.js';
import type { LineRules, MonitorTask, ProbeRules } from './rules.js';
import { SettingsReach } from './settings-reach.js';

/** A look is over before the next one of its task begins. */
const BEFORE_NEXT_MS = 500;
const MOST_DEADLINE_MS = 300_000;

export interface SettingsRulesOptions {
  readonly snapshot: SettingsSnapshot;
  readonly times: SettingsTimes;
  readonly patterns: PatternPort;
  /** Types of monitors that somebody looks for. */
  readonly probed: ReadonlySet<string>;
  /** What is configured of single senders, by address. */
  readonly sources?: ReadonlyMap<string, SourceProperties>;
}

interface Compiled {
  readonly revision: number;
  readonly monitor: CompiledMonitor;
}

/** What the settings say to the loops of the Master, always as they are now. What a change leaves alone is not made anew. */
export class SettingsRules implements LineRules, ProbeRules {
  readonly #o: SettingsRulesOptions;
  readonly #monitors = new Map<string, Compiled>();
  readonly #payloadSettings: PayloadSettings;
  #isOld = { monitors: true, lines: true };
  #lines: { readonly judge: LineJudge; readonly counter: LineCounter } | null = null;
  readonly reach: SettingsReach;
  readonly stop: () => void;

  constructor(options: SettingsRulesOptions) {
    this.#o = options;
    const { snapshot, probed } = options;
    this.reach = new SettingsReach(snapshot, probed);
    this.#payloadSettings = {
      mailTemplate: (id) => (snapshot.get('mail-template', id)?.body as MailTemplateBody | undefined) ?? null,
      restAccess: (id) => (snapshot.get('rest-access', id)?.body as RestAccessBody | undefined) ?? null,
    };
    this.stop = options.snapshot.watch(({ isWhole, changed, removed }) => {
      const kinds = new Set([...changed, ...removed].map(({ kind }) => kind));
      if (isWhole || kinds.has('monitor')) this.#isOld.monitors = true;
      // It remembers who is where, and whose calendars those are.
      if (isWhole || ['monitor', 'node', 'scope', 'calendar', 'calendar-pattern'].some((kind) => kinds.has(kind as 'node')))
        this.#isOld.lines = true;
    });
  }

  get version(): number {
    return this.#o.snapshot.version;
  }

  judge(sample: Sample, state: unknown) {
    const monitor = this.#monitorOf(sample.monitor);
    if (monitor === null) return null;
    const isLine = !isPolled(monitor.body);
    if (this.isOutOfWatch(sample.facility, sample.atMs)) return null;
    // Whether its calendar is open was asked when it was due, or when the line came.
    return isLine || monitor.enabled ? judge(monitor, sample, state) : null;
  }

  /** As a job asks: that it is switched off, or the node in a maintenance window, does not count, nor what it saw before. */
  judgeOnce(sample: Sample) {
    const monitor = this.#monitorOf(sample.monitor);
    return monitor === null ? null : judge({ ...monitor, enabled: true, body: { ...monitor.body, monitor: true } }, sample, null);
  }

  samplesOf(row: MessageToStore): readonly Sample[] {
    const { facilities } = this.#o.snapshot;
    const alias = this.#o.sources?.get(row.source)?.alias;
    const found = facilities.resolve({ address: row.source, host: row.host, ...(alias === undefined ? {} : { alias }) });
    const line = {
      ...{ kind: row.kind, origin: `${row.journalId}:${row.seq}`, message: row, raw: row.raw },
      atMs: Math.floor((row.sentAtUs ?? row.receivedAtUs) / 1_000),
    };
    const lines = this.#linesNow().judge;
    if (found.length === 0) return lines.samplesOf({ ...line, facility: UNREGISTERED, sender: row.host ?? row.source });
    if (found.length === 1) return lines.samplesOf({ ...line, facility: found[0]!, sender: null });
    return found.flatMap((facility) => lines.samplesOf({ ...line, facility, sender: null }));
  }

  countedIn(sample: Sample, line: ParsedMessage | null): readonly CountedLine[] {
    return this.#linesNow().counter.countedIn(sample, line);
  }

  /** What monitors see in what an agent tells. */
  samplesOfNews(news: NewsOfAgent): readonly Sample[] {
    return samplesOfNews(news, {
      monitor: (id) => this.#monitorOf(id),
      isWithin: (facility, target) => this.#o.snapshot.facilities.isIn(facility, target),
      isOpen: (calendar, atMs) => this.calendarOpen(calendar, atMs),
    });
  }

  *tasks(): Iterable<MonitorTask> {
    const { snapshot, probed } = this.#o;
    for (const { monitor } of this.#monitorsNow().values()) {
      const { id, enabled, body } = monitor;
      if (!enabled || !isPolled(body) || !(body.monitor || body.collect) || !probed.has(body.type)) continue;
      const intervalMs = body.intervalS * 1_000;
      const task = {
        ...{ monitor: id, type: body.type, check: body.check, intervalMs, calendar: body.calendar },
        deadlineMs: Math.min(intervalMs - BEFORE_NEXT_MS, MOST_DEADLINE_MS),
      };
      for (const facility of snapshot.facilities.nodesBelow(body.facility))
        yield { ...task, facility, node: snapshot.nodes.get(facility)?.body ?? null };
    }
  }

  notification(id: string): NotificationSetting | null {
    const setting = this.#o.snapshot.get('notification', id);
    if (setting === undefined) return null;
    const { description, enabled, body } = setting;
    return { id, description, enabled, body: body as NotificationBody };
  }

  calendarOpen(calendar: string | null, atMs: number): boolean {
    return this.#o.times.calendars.isOpen(calendar, atMs);
  }

  suppressedBy({ facility }: Result, nowMs: number): string | null {
    const window = this.#maintained(facility, nowMs);
    return window === null ? null : maintenanceSentence(window);
  }

  isOutOfWatch(facility: string, atMs: number): boolean {
    return this.#maintained(facility, atMs)?.suppresses === 'monitoring';
  }

  endingWindows(afterMs: number, throughMs: number): readonly EndingWindow[] {
    return this.#o.times.windows.ending(afterMs, throughMs);
  }

  event(told: Told): EventToStore {
    return eventToStoreOf(this.notification(told.notification), told, this.#scopeOf(told.result));
  }

  status(told: Told): StatusToStore {
    return statusToStoreOf(this.notification(told.notification), told, this.#scopeOf(told.result));
  }

  outbox(told: Told, nowMs: number): OutboxEntry | null {
    const setting = this.notification(told.notification);
    if (setting === null) return null;
    const { snapshot } = this.#o;
    const monitor = snapshot.get('monitor', told.result.monitor);
    const context: TellContext = {
      ...{ told, description: setting.description, calendar: setting.body.calendar, scope: this.#scopeOf(told.result) },
      node: snapshot.nodes.get(told.result.facility)?.body ?? null,
      monitor:
        monitor === undefined
          ? null
          : {
              ...{ description: monitor.description, ownerRole: monitor.ownerRole },
              calendar: (monitor.body as MonitorBody).calendar,
            },
    };
    return outboxEntryOf(setting, context, this.#payloadSettings, nowMs);
  }

  #scopeOf({ facility, sender, monitor }: Result): string {
    const { facilities } = this.#o.snapshot;
    if (facility === UNREGISTERED && sender !== null) return sender;
    return facilities.pathOf(facility, this.#monitorOf(monitor)?.body.facility ?? null);
  }

  #maintained(facility: string, atMs: number) {
    const { snapshot, times } = this.#o;
    return times.windows.under((of) => snapshot.facilities.isIn(facility, of), atMs);
  }

  #monitorOf(id: string): CompiledMonitor | null {
    return this.#monitorsNow().get(id)?.monitor ?? null;
  }

  #monitorsNow(): ReadonlyMap<string, Compiled> {
    if (!this.#isOld.monitors) return this.#monitors;
    const settings = this.#o.snapshot.all('monitor');
    for (const id of [...this.#monitors.keys()]) if (!settings.has(id)) this.#monitors.delete(id);
    for (const [id, { revision, enabled, body }] of settings)
      if (this.#monitors.get(id)?.revision !== revision)
        this.#monitors.set(id, {
          revision,
          monitor: compileMonitor({ id, enabled, body: body as MonitorBody }, this.#o.patterns),
        });
    this.#isOld.monitors = false;
    return this.#monitors;
  }

  #linesNow() {
    if (this.#lines !== null && !this.#isOld.lines) return this.#lines;
    const monitors = [...this.#monitorsNow().values()].map(({ monitor }) => monitor);
    const world: LineWorld = {
      isWithin: (facility, target) => this.#o.snapshot.facilities.isIn(facility, target),
      isOpen: (calendar, atMs) => this.calendarOpen(calendar, atMs),
    };
    this.#lines = { judge: new LineJudge(monitors, this.#o.patterns, world), counter: new LineCounter(monitors, world) };
    this.#isOld.lines = false;
    return this.#lines;
  }
}
