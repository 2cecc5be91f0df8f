import type { RetainedView, RetentionBody, RetentionView } from '@yosugara/protocol';

/** What somebody types. '' = as the file says. */
export interface RetentionDraft {
  readonly days: Readonly<Record<string, string>>;
  readonly window: RetentionBody['window'];
  readonly calendar: string | null;
}

export const draftOf = ({ setting }: Pick<RetentionView, 'setting'>): RetentionDraft => ({
  days: Object.fromEntries(
    Object.entries(setting?.body.days ?? {}).flatMap(([kind, days]) => (days == null ? [] : [[kind, String(days)]])),
  ),
  window: setting?.body.window ?? null,
  calendar: setting?.body.calendar ?? null,
});

export const bodyOf = ({ days, window, calendar }: RetentionDraft): RetentionBody => ({
  days: Object.fromEntries(Object.entries(days).flatMap(([kind, text]) => (text.trim() === '' ? [] : [[kind, Number(text)]]))),
  ...{ window, calendar },
});

/** Whatever order its fields have. */
export function isSame(one: RetentionDraft, two: RetentionDraft): boolean {
  const text = ({ days, window, calendar }: RetentionDraft) =>
    JSON.stringify([
      Object.entries(days)
        .filter(([, each]) => each !== '')
        .sort(),
      window,
      calendar,
    ]);
  return text(one) === text(two);
}

/** Those that a clean-up can be asked for. */
export const cleanable = ({ days, source }: Pick<RetainedView, 'days' | 'source'>): boolean => days !== null && source !== 'none';
