import { useSyncExternalStore } from 'react';

const query = typeof matchMedia === 'undefined' ? null : matchMedia('(max-width: 700px)');
const watch = (changed: () => void) => {
  query?.addEventListener('change', changed);
  return () => query?.removeEventListener('change', changed);
};

/** A telephone's width: rows take two lines. */
export const useNarrow = (): boolean => useSyncExternalStore(watch, () => query?.matches ?? false);
