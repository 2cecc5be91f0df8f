import type {
  CountedLine,
  EndingWindow,
  Judgement,
  NotificationSetting,
  ParsedMessage,
  Paths,
  Result,
  Sample,
  Told,
} from '@yosugara/operations';
import type { MessageToStore } from '../ingest/ports.js';
import type { EventToStore, OutboxEntry, StatusToStore } from './ports.js';

/** What one version of the settings says. Pure: the same questions have the same answers. */
export interface OperationsRules {
  /** Of the settings. */
  readonly version: number;
  /** @param state what it left behind last time; null = nothing. @returns null: nobody asks for such samples (any more). */
  judge(sample: Sample, state: unknown): Judgement | null;
  /** Who counts the sample as a line of its monitor. @param line null = of none that was received. Missing: nobody counts. */
  countedIn?(sample: Sample, line: ParsedMessage | null): readonly CountedLine[];
  /** null = there is none of that id. */
  notification(id: string): NotificationSetting | null;
  calendarOpen(calendar: string | null, atMs: number): boolean;
  /** The maintenance window, or what is down on the way to it, in a sentence; null = nothing. */
  suppressedBy(result: Result, nowMs: number): string | null;
  event(told: Told): EventToStore;
  status(told: Told): StatusToStore;
  /** null = nothing leaves the cluster for it. */
  outbox(told: Told, nowMs: number): OutboxEntry | null;
}

/** The same, of what is received. */
export interface LineRules extends OperationsRules {
  /** What monitors see in a row that was just received. Its time is the message's own. */
  samplesOf(row: MessageToStore): readonly Sample[];
}

/** One look of one monitor at one node, again and again. */
export interface MonitorTask {
  readonly monitor: string;
  /** Of the monitor. */
  readonly type: string;
  readonly check: unknown;
  readonly facility: string;
  readonly node: unknown;
  readonly intervalMs: number;
  /** Of one look. */
  readonly deadlineMs: number;
  readonly calendar: string | null;
}

/** How nodes are reached, and who says whether they are. */
export interface ReachRules extends Paths {
  isReachability(monitor: string, node: string): boolean;
}

/** The same, of what is looked at. */
export interface ProbeRules extends OperationsRules {
  /** Maintenance windows whose end was to be warned of after the one and until the other time. Missing: there are none. */
  endingWindows?(afterMs: number, throughMs: number): readonly EndingWindow[];
  /** Whether a maintenance window keeps monitors from looking there. Missing: none does. */
  isOutOfWatch?(facility: string, atMs: number): boolean;
  /** Missing: nobody lies behind anybody. */
  readonly reach?: ReachRules;
  /** All there are, of monitors that are enabled and nodes that are. */
  tasks(): Iterable<MonitorTask>;
}
