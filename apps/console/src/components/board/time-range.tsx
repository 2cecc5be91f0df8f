import { Button, Popover, SegmentedControl, TextInput } from '@mantine/core';
import { DASHBOARD_RANGES, type DashboardRange } from '@yosugara/protocol';
import { useState } from 'react';
import { instantOf, localTime, timeZoneName } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import type { Put } from '../use-page-address.js';
import type { Span } from './board-model.js';

const OWN = 'own';
const HOUR_MS = 3_600_000;
const local = (iso: string): string => localTime(iso).slice(0, 16).replace(' ', 'T');

/** Which time is shown; it is in the address, so that whoever is sent it sees the same. */
export function TimeRange({ span, usual, put }: { readonly span: Span; readonly usual: DashboardRange; readonly put: Put }) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [fromMs, toMs] = [instantOf(from), instantOf(to)];
  const isRight = fromMs !== null && toMs !== null && fromMs < toMs;
  const open = () => {
    const now = Date.now();
    setFrom(local(span.kind === 'fixed' ? span.from : new Date(now - HOUR_MS).toISOString()));
    setTo(local(span.kind === 'fixed' ? span.to : new Date(now).toISOString()));
    setOpen(true);
  };
  const choose = (value: string) => {
    if (value === OWN) open();
    else put({ range: value === usual ? null : value, from: null, to: null }, { replace: true });
  };
  const apply = () => {
    if (!isRight) return;
    setOpen(false);
    put({ range: null, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" withinPortal trapFocus withRoles={false}>
      <Popover.Target>
        <div className="board-range">
          <SegmentedControl
            size="xs"
            aria-label={t('messages.range')}
            value={span.kind === 'fixed' ? OWN : span.range}
            onChange={choose}
            data={[
              ...DASHBOARD_RANGES.map((value) => ({ value, label: t(`board.range.${value}`) })),
              { value: OWN, label: t('board.range.own') },
            ]}
            data-testid="board-range"
          />
        </div>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="dialog-form"
          onSubmit={(event) => {
            event.preventDefault();
            apply();
          }}
        >
          <TextInput
            size="xs"
            type="datetime-local"
            label={t('board.from')}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
            data-testid="board-from"
          />
          <TextInput
            size="xs"
            type="datetime-local"
            label={t('board.to')}
            value={to}
            error={isRight ? undefined : t('board.badRange')}
            onChange={(event) => setTo(event.currentTarget.value)}
            data-testid="board-to"
          />
          {timeZoneName() !== '' && <p className="dim small">{timeZoneName()}</p>}
          <Button type="submit" size="xs" disabled={!isRight} data-testid="board-apply">
            {t('board.apply')}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
