import type { SampleValue } from '@yosugara/operations';
import { failure, type Look } from './look.js';

/** As the service control manager has it (SERVICE_STATUS, dwCurrentState). */
export const SERVICE_STATES = [
  'stopped',
  'start-pending',
  'stop-pending',
  'running',
  'continue-pending',
  'pause-pending',
  'paused',
] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

/**
 * What the agent on a Windows host answers. There is no such agent yet, and no Windows was at hand: what is here was tested against a
 * fake of this port only.
 */
export interface WindowsPort {
  /** @returns null = there is no such service. @throws when the host cannot be asked; the message says why. */
  serviceState(facility: string, service: string, signal: AbortSignal): Promise<ServiceState | null>;
}

/** True while it runs. */
export async function checkService(look: Look, port: WindowsPort, facility: string, service: string): Promise<SampleValue> {
  look.doing = `the agent of ${facility}`;
  const stop = new AbortController();
  look.closes(() => stop.abort());
  const state = await look.wait(port.serviceState(facility, service, stop.signal));
  if (state === null) return failure(`there is no service ${JSON.stringify(service)} on ${facility}`);
  return { kind: 'truth', truth: state === 'running' };
}

export type WindowsLevel = 'critical' | 'error' | 'warning' | 'information' | 'verbose';

/** An entry of the event log, as the agent sends it. */
export interface WindowsEvent {
  readonly log: string;
  readonly source: string;
  readonly id: number;
  readonly level: WindowsLevel;
  readonly category: number;
  readonly keywords: readonly string[];
  readonly atMs: number;
  readonly message: string;
}

export interface WindowsEventFilter {
  readonly levels: readonly WindowsLevel[];
  readonly logs: readonly string[];
  readonly sources: readonly string[];
  readonly ids: readonly number[];
  readonly categories: readonly number[];
  readonly keywords: readonly string[];
}

/** All that is said must hold; an empty list says nothing. Names are the same in either case, as they are on Windows. */
export function fitsWindowsEvent(filter: WindowsEventFilter, event: WindowsEvent): boolean {
  const named = (wanted: readonly string[], found: readonly string[]) =>
    wanted.length === 0 || wanted.some((one) => found.some((other) => one.toLowerCase() === other.toLowerCase()));
  const numbered = (wanted: readonly number[], found: number) => wanted.length === 0 || wanted.includes(found);
  return (
    (filter.levels.length === 0 || filter.levels.includes(event.level)) &&
    named(filter.logs, [event.log]) &&
    named(filter.sources, [event.source]) &&
    named(filter.keywords, event.keywords) &&
    numbered(filter.ids, event.id) &&
    numbered(filter.categories, event.category)
  );
}

/** The line that rules are matched with. */
export const windowsEventLine = ({ level, source, id, message }: WindowsEvent): string => `${level} ${source} ${id}: ${message}`;
