import '../operations.js';
import { SegmentedControl } from '@mantine/core';
import { useCallback } from 'react';
import { addressOf, type Filter, filterOf } from '../api/filter.js';
import { MessageFilters } from '../components/message-filters.js';
import { usePageAddress } from '../components/use-page-address.js';
import { useText } from '../i18n/language.js';
import { LiveMessages } from './messages-live.js';
import { SearchMessages } from './messages-search.js';

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
      <div className="page-head">
        <h1>{t('messages.title')}</h1>
        <SegmentedControl
          size="xs"
          aria-label={t('messages.mode')}
          data-testid="message-mode"
          value={filter.mode}
          onChange={(mode) => change({ mode: mode === 'search' ? 'search' : 'live' })}
          data={[
            { value: 'live', label: t('messages.live') },
            { value: 'search', label: t('messages.search') },
          ]}
        />
      </div>
      <MessageFilters filter={filter} onChange={change} />
      {filter.mode === 'live' ? <LiveMessages filter={filter} /> : <SearchMessages filter={filter} />}
    </div>
  );
}
