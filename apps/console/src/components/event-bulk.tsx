import { Button, Menu, TextInput } from '@mantine/core';
import { useState } from 'react';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import type { EventAlteration } from './use-events.js';

interface BulkProps {
  readonly count: number;
  readonly isBusy: boolean;
  readonly mayAct: boolean;
  readonly me: string;
  readonly onAlter: (alteration: EventAlteration) => void;
  readonly onClear: () => void;
  readonly onAll: (() => void) | null;
}

/** What is done with all events that were chosen. */
export function EventBulk({ count, isBusy, mayAct, me, onAlter, onClear, onAll }: BulkProps) {
  const { t, language } = useText();
  const [comment, setComment] = useState<string | null>(null);
  return (
    <div className="bulk" data-testid="bulk-bar">
      <strong className="tabular" role="status">
        {t('events.chosen', { count: integer(count, language) })}
      </strong>
      <Button
        size="compact-sm"
        disabled={!mayAct}
        loading={isBusy}
        onClick={() => onAlter({ state: 'confirmed' })}
        data-testid="bulk-confirm"
      >
        {t('events.confirm')}
      </Button>
      <Menu position="bottom-start" withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Button size="compact-sm" variant="default" disabled={!mayAct || isBusy}>
            {t('events.more')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onAlter({ state: 'confirming' })}>{t('events.take')}</Menu.Item>
          <Menu.Item onClick={() => onAlter({ state: 'unconfirmed' })}>{t('events.unconfirm')}</Menu.Item>
          <Menu.Item onClick={() => onAlter({ owner: me })}>{t('events.own')}</Menu.Item>
          <Menu.Item onClick={() => onAlter({ owner: '' })}>{t('events.giveUp')}</Menu.Item>
          <Menu.Item onClick={() => setComment('')}>{t('events.comment')}…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {comment !== null && (
        <form
          className="bulk-comment"
          onSubmit={(event) => {
            event.preventDefault();
            onAlter({ comment });
            setComment(null);
          }}
        >
          <TextInput
            size="xs"
            autoFocus
            value={comment}
            maxLength={2_048}
            aria-label={t('events.comment')}
            onChange={(event) => setComment(event.currentTarget.value)}
          />
          <Button size="compact-xs" type="submit">
            {t('events.saveComment')}
          </Button>
        </form>
      )}
      <span className="grow" />
      {onAll !== null && (
        <Button size="compact-sm" variant="subtle" onClick={onAll} disabled={isBusy}>
          {t('events.chooseMatching')}
        </Button>
      )}
      <Button size="compact-sm" variant="subtle" color="gray" onClick={onClear}>
        {t('events.chooseNone')}
      </Button>
    </div>
  );
}
