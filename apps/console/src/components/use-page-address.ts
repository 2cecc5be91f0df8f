import { useCallback } from 'react';
import { type NavigateOptions, useSearchParams } from 'react-router';

type Change = URLSearchParams | Readonly<Record<string, string>> | ((before: URLSearchParams) => URLSearchParams);

type Parts = Readonly<Record<string, string | null>>;
export type Put = (parts: Parts, options?: NavigateOptions) => void;

/**
 * What the page's address asks for. A change is made upon the address as it is now: the router's own way starts from what was last drawn, so
 * that of two quick changes the second one would take the first back.
 */
export function usePageAddress(): {
  readonly address: URLSearchParams;
  readonly setAddress: (change: Change, options?: NavigateOptions) => void;
  /** Changes these parts alone; null or nothing: away with it. */
  readonly put: Put;
} {
  const [address, setAddress] = useSearchParams();
  const set = useCallback(
    (change: Change, options?: NavigateOptions) =>
      setAddress(
        typeof change === 'function'
          ? change(new URLSearchParams(window.location.search))
          : change instanceof URLSearchParams
            ? change
            : { ...change },
        options,
      ),
    [setAddress],
  );
  const put = useCallback(
    (parts: Parts, options?: NavigateOptions) =>
      set((before) => {
        const after = new URLSearchParams(before);
        for (const [key, value] of Object.entries(parts))
          if (value === null || value === '') after.delete(key);
          else after.set(key, value);
        return after;
      }, options),
    [set],
  );
  return { address, setAddress: set, put };
}
