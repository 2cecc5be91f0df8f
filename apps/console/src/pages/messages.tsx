import '../operations.js';
import { useCallback, useState } from 'react';
import { addressOf, type Filter, filterOf } from '../api/filter.js';
import { MessageFilters } from '../components/message-filters.js';
import { usePageAddress } from '../components/use-page-address.js';
import { useText } from '../i18n/language.js';
import { LiveMessages } from './messages-live.js';
import { SearchMessages } from './messages-search.js';

/** Which rows stand open. */
export function useOpened(): { readonly opened: ReadonlySet<string>; readonly toggle: (id: string) => void } {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => {
    setOpened((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  }, []);
  return { opened, toggle };
}

export function MessagesPage() {
  const { t } = useText();
  const { address, setAddress } = usePageAddress();
  const filter = filterOf(address);
  const change = useCallback(
    (part: Partial<Filter>) => setAddress((before) => addressOf({ ...filterOf(before), ...part }, before), { replace: true }),
    [setAddress],
  );
  return (
    <div className="messages-page">
      <h1 className="hidden">{t('messages.title')}</h1>
      <MessageFilters filter={filter} onChange={change} />
      {filter.mode === 'live' ? <LiveMessages filter={filter} /> : <SearchMessages filter={filter} />}
    </div>
  );
}
