import type { NodeConfig } from '@yosugara/protocol';
import type { Contradiction } from './fencing-rules.js';

const MONTH_DAYS = 31;

/** A value that comes late is summed up anew with all that its hour, its day and its month have: they must be there as long. */
export function retentionContradictions({ retention }: NodeConfig): readonly Contradiction[] {
  const { valueDays, hourDays, dayDays } = retention;
  const least = [
    ['hourDays', hourDays, valueDays + 1],
    ['dayDays', dayDays, valueDays + MONTH_DAYS],
  ] as const;
  return least.flatMap(([key, found, days]) =>
    found >= days ? [] : [{ path: ['retention', key], found, allowed: `at least ${days}, with valueDays ${valueDays}` }],
  );
}
