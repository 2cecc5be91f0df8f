import type { Watch } from './watch.js';

export const DAY_S = 86_400;
export const MIB = 1_048_576;

export const known = (note: string): string => (note === '' ? '' : ` (${note})`);

/** Most of them: only what is different is said. */
export const watch = (
  given: Pick<Watch, 'id' | 'what' | 'unit' | 'limits' | 'say' | 'over' | 'todo'> & Partial<Watch>,
): Watch => ({
  ...{ worse: 'above', by: 0, afterMs: 0, of: 'own' },
  ...given,
});
