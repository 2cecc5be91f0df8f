import { useCallback } from 'react';
import { type NavigateOptions, useSearchParams } from 'react-router';

type Change = URLSearchParams | Readonly<Record<string, string>> | ((before: URLSearchParams) => URLSearchParams);

/**
 * What the page's address asks for. A change is made upon the address as it is now: the router's own way starts from what was last drawn, so
 * that of two quick changes the second one would take the first back.
 */
export function usePageAddress(): readonly [URLSearchParams, (change: Change, options?: NavigateOptions) => void] {
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
  return [address, set];
}
