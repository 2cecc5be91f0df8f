import { useCallback, useMemo } from 'react';
import { type EventFilter, eventAddressOf, eventFilterOf } from '../api/event-filter.js';
import { usePageAddress } from './use-page-address.js';

/** The filter and the open event, as the page's address has them. */
export function useEventAddress() {
  const { address, setAddress } = usePageAddress();
  const filter = useMemo(() => eventFilterOf(address), [address]);
  const change = useCallback(
    (part: Partial<EventFilter>) =>
      setAddress((before) => eventAddressOf({ ...eventFilterOf(before), ...part }, before), { replace: true }),
    [setAddress],
  );
  const opened = Number(address.get('event')) || null;
  const open = useCallback(
    (number: number | null) =>
      setAddress(
        (before) => {
          const after = new URLSearchParams(before);
          if (number === null) after.delete('event');
          else after.set('event', String(number));
          return after;
        },
        { replace: true },
      ),
    [setAddress],
  );
  return { filter, change, opened, open };
}
