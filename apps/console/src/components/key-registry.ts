import { useEffect, useSyncExternalStore } from 'react';
import type { TextKey } from '../i18n/translate.js';

/** Up to two keys that do the same or the opposite, and what they do. */
export type KeyLine = readonly [one: string, other: string, says: TextKey];

const NONE: readonly KeyLine[] = [];
let ofPage: readonly KeyLine[] = NONE;
let isShown = false;
const watchers = new Set<() => void>();
const tell = () => {
  for (const watcher of [...watchers]) watcher();
};
const watch = (changed: () => void) => {
  watchers.add(changed);
  return () => void watchers.delete(changed);
};

/** Keys of the page that is open, for the help. @param lines the same object at every call. */
export function usePageKeys(lines: readonly KeyLine[]): void {
  useEffect(() => {
    ofPage = lines;
    tell();
    return () => {
      ofPage = NONE;
      tell();
    };
  }, [lines]);
}

export function showKeys(shown: boolean): void {
  isShown = shown;
  tell();
}

export function useShownKeys(): { readonly isShown: boolean; readonly ofPage: readonly KeyLine[] } {
  return { isShown: useSyncExternalStore(watch, () => isShown), ofPage: useSyncExternalStore(watch, () => ofPage) };
}
