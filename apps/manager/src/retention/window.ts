import { clockSeconds, type RetentionBody } from '@yosugara/protocol';

/** Whether it is time on the clock of its zone; over midnight when `to` is not after `from`. No window: always. */
export function isInWindow(window: RetentionBody['window'], atMs: number): boolean {
  if (window === null) return true;
  const [from, to] = [clockSeconds(window.from), clockSeconds(window.to)];
  const now = secondsOfDay(window.timeZone, atMs);
  return from < to ? now >= from && now < to : now >= from || now < to;
}

function secondsOfDay(timeZone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  } as const).formatToParts(atMs);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return of('hour') * 3_600 + of('minute') * 60 + of('second');
}
