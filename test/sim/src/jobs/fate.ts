import type { Fate } from './reference.js';

/** What is of chance in a seed, by what it is of: the same whatever else happens. */
export function fateOf(seed: number): Fate {
  const roll = (text: string): number => {
    let hash = seed | 0;
    for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  };
  return {
    codeOf: (session, job, facility, nth) => [0, 0, 0, 0, 1, 2][roll(`${session}/${job}/${facility}/${nth}`) % 6]!,
    approves: (session, job, nth) => roll(`${session}/${job}?${nth}`) % 3 > 0,
    priorityOf: (monitor, facility) =>
      (['info', 'info', 'info', 'warning', 'critical', 'unknown'] as const)[roll(`${monitor}@${facility}`) % 6]!,
  };
}
