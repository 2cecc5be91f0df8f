import type { AgentNews, FileWatch, JobTriggerOf, Priority } from '@yosugara/protocol';
import type { Pattern } from '../../monitors/patterns.js';
import type { IsOpen } from './fires.js';

/** What an agent saw of a file. */
export type FileSeen = Extract<AgentNews, { kind: 'file' }>;

/** Tasks of agents are known by these: a trigger's own, or that of a job in a session. */
export const fileTaskOf = (trigger: string): string => `trigger/${trigger}`;
/** null = it is no trigger's. */
export const triggerOfFileTask = (task: string): string | null => (task.startsWith('trigger/') ? task.slice(8) : null);

/** Settings change while news are on their way: what was seen must be what is looked for now. @param name of the whole name. */
export const isFileSeen = (watch: FileWatch, name: Pattern, seen: FileSeen): boolean =>
  seen.directory === watch.directory && seen.change === watch.change && name.test(seen.name);

export type FileCheckOutcome =
  | { readonly kind: 'begin'; readonly variables: Readonly<Record<string, string>>; readonly info: string }
  /** Its calendar is closed: kept, and asked about again when it has opened. */
  | { readonly kind: 'carry' }
  | { readonly kind: 'not-it' | 'closed' };

/** @param atMs now, of the manager: what was seen while nobody served counts when it is heard of. */
export function fileCheckOutcome(
  { calendar, carryOver, file }: JobTriggerOf<'file-check'>,
  name: Pattern,
  facility: string,
  seen: FileSeen,
  atMs: number,
  isOpen: IsOpen,
): FileCheckOutcome {
  if (!isFileSeen(file, name, seen)) return { kind: 'not-it' };
  if (!isOpen(calendar, atMs)) return { kind: carryOver ? 'carry' : 'closed' };
  return {
    kind: 'begin',
    variables: fileVariables(facility, seen),
    info: `${seen.directory}/${seen.name} ${seen.change} on ${facility}`,
  };
}

/** For the session that a file begins. */
export const fileVariables = (
  facility: string,
  { directory, name, sizeBytes, modifiedAtMs }: FileSeen,
): Record<string, string> => ({
  ...{ FILENAME: name, DIRECTORY: directory, FILE_FACILITY: facility, FILESIZE: String(sizeBytes) },
  FTIMESTAMP: new Date(modifiedAtMs).toISOString(),
});

export interface LinkSaid {
  readonly messageId: string;
  readonly message: string;
  readonly priority: Priority;
  readonly values: Readonly<Record<string, string>>;
}

/** Of a trigger, and of a link-receive job. */
export interface LinkRule {
  readonly messageId: string;
  readonly priorities: readonly Priority[];
  /** Each of these must be among those of the message, and say the same. */
  readonly values: Readonly<Record<string, string>>;
}

/** @param pattern somewhere in the message; null = any message. */
export const isLinkMeant = ({ messageId, priorities, values }: LinkRule, pattern: Pattern | null, said: LinkSaid): boolean =>
  said.messageId === messageId &&
  priorities.includes(said.priority) &&
  Object.entries(values).every(([key, value]) => Object.hasOwn(said.values, key) && said.values[key] === value) &&
  (pattern === null || pattern.test(said.message));

/** For the session that a message begins; its own values are there by their names, where those are names of variables. */
export function linkVariables({ messageId, message, priority, values }: LinkSaid): Record<string, string> {
  const own = Object.entries(values).filter(([key]) => /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(key));
  return { ...Object.fromEntries(own), MESSAGE_ID: messageId, MESSAGE: message, PRIORITY: priority };
}
