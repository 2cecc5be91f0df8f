import type { MonitorBody, Priority } from '@yosugara/protocol';
import { MAX_MESSAGE } from '@yosugara/protocol';
import type { Result, Sample } from './result.js';

/** Characters of what led to a result. */
const MAX_ORIGINAL = 8_192;

/** `/` joins; what is no visible character could not be stored or sent. */
const escaped = (part: string): string =>
  part.replace(/[%/\p{Cc}\p{Surrogate}]/gu, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

/** The same sample judged again, by whichever node, has the same one. */
export const resultId = (monitor: string, facility: string, item: string, sub: string, origin: string): string =>
  [monitor, facility, item, sub, origin].map(escaped).join('/');

/** At most so many characters, the last of them `…` when something is left out; never half of a surrogate pair. */
export function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\ud800-\udbff]/.test(text[max - 2] ?? '') ? max - 2 : max - 1;
  return `${text.slice(0, end)}…`;
}

export interface Said {
  readonly priority: Priority;
  readonly message: string;
  readonly original?: string;
  readonly sub?: string;
  readonly trigger?: Result['trigger'];
  /** Other than the monitor's own. */
  readonly to?: { readonly application: string; readonly notifications: readonly string[] };
}

type About = Pick<Sample, 'origin' | 'monitor' | 'facility' | 'sender' | 'item' | 'atMs'>;

export function resultOf(body: MonitorBody, about: About, said: Said): Result {
  const { monitor, facility, sender, item, origin, atMs } = about;
  const { priority, message, original = '', sub = '', trigger = 'monitor', to = body } = said;
  return {
    ...{ id: resultId(monitor, facility, item, sub, origin), trigger, plugin: body.type, monitor, facility, sender, item, sub },
    ...{
      priority,
      application: to.application,
      message: shortened(message, MAX_MESSAGE),
      original: shortened(original, MAX_ORIGINAL),
    },
    ...{ atMs, notifications: to.notifications },
  };
}
