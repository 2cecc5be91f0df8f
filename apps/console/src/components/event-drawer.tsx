import { Alert, Button, Group, Loader, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { EventDetail, EventHistory } from '@yosugara/protocol';
import { type RefObject, useState } from 'react';
import { Link } from 'react-router';
import { operationsApi } from '../api/operations.js';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { PriorityBadge } from './priority.js';
import { Time } from './time.js';
import { useDraft } from './use-draft.js';
import type { EventAlteration } from './use-events.js';

interface DrawerProps {
  readonly number: number;
  /** Of the list: when it changes there, the details are read again. */
  readonly changedAt: string | null;
  readonly me: string;
  readonly mayAct: boolean;
  readonly commentRef: RefObject<HTMLTextAreaElement | null>;
  readonly onClose: () => void;
  readonly onAlter: (alteration: EventAlteration) => Promise<boolean>;
}

function HistoryLine({ entry }: { readonly entry: EventHistory }) {
  const { t } = useText();
  const { from, to } = entry.detail;
  const said = (value: unknown) =>
    typeof value !== 'string' || value === '' ? '–' : entry.action === 'state' ? named(t, 'eventState', value) : visible(value);
  return (
    <li>
      <span className="dim tabular">
        <Time iso={entry.at} />
      </span>{' '}
      <strong>{visible(entry.by)}</strong> {named(t, 'events', entry.action)}:{' '}
      <span className="breakable">
        {said(from)} → {said(to)}
      </span>
    </li>
  );
}

function Facts({ event }: { readonly event: EventDetail }) {
  const { t, language } = useText();
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [t('events.time'), <Time key="at" iso={event.at} />],
    [
      t('events.scope'),
      event.facility === '' ? (
        visible(event.scope)
      ) : (
        <Link key="f" to={`/repository/node/${encodeURIComponent(event.facility)}`}>
          {visible(event.scope || event.facility)}
        </Link>
      ),
    ],
    ...(event.sender === null ? [] : [[t('events.sender'), visible(event.sender)] as const]),
    [
      t('events.monitor'),
      <Link key="m" to={`/monitors?id=${encodeURIComponent(event.monitor)}`}>
        {visible(event.monitor)} ({event.plugin})
      </Link>,
    ],
    ...(event.item + event.sub === ''
      ? []
      : [[t('events.item'), visible([event.item, event.sub].filter(Boolean).join(' / '))] as const]),
    ...(event.application === '' ? [] : [[t('messages.app'), visible(event.application)] as const]),
    [
      t('events.why'),
      `${named(t, 'why', event.why)}${event.before === null ? '' : ` (${t('events.before')}: ${t(`priority.${event.before}`)})`}`,
    ],
    ...(event.folded > 0
      ? [
          [t('events.folded'), t('events.foldedCount', { count: integer(event.folded, language) })] as const,
          [t('events.lastAt'), <Time key="l" iso={event.lastAt} />] as const,
        ]
      : []),
    [t('events.notification'), visible(event.notification)],
    [
      t('messages.id'),
      <span key="i" className="mono breakable">
        {event.id}
      </span>,
    ],
  ];
  return (
    <dl className="pairs event-facts">
      {facts.map(([name, value]) => (
        <div key={name} className="pair">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Comment({
  event,
  mayAct,
  commentRef,
  onAlter,
}: Pick<DrawerProps, 'mayAct' | 'commentRef' | 'onAlter'> & { readonly event: EventDetail }) {
  const { t } = useText();
  const draft = useDraft(`event.${event.number}`, event.comment ?? '');
  const [isSending, setSending] = useState(false);
  const send = async () => {
    setSending(true);
    // Only what was taken is no draft any more; what was typed meanwhile still is one.
    const sent = draft.text;
    if (await onAlter({ comment: sent })) draft.drop();
    setSending(false);
  };
  return (
    <form
      className="comment"
      onSubmit={(submit) => {
        submit.preventDefault();
        void send();
      }}
    >
      <Textarea
        ref={commentRef}
        size="xs"
        label={t('events.comment')}
        description={t('events.commentHint')}
        value={draft.text}
        maxLength={2_048}
        autosize
        minRows={2}
        maxRows={8}
        disabled={!mayAct}
        readOnly={isSending}
        onChange={(change) => draft.change(change.currentTarget.value)}
        onKeyDown={(key) => {
          if (key.key === 'Enter' && (key.ctrlKey || key.metaKey)) void send();
        }}
        data-testid="event-comment"
      />
      <Group gap="xs">
        <Button
          size="compact-xs"
          type="submit"
          disabled={!mayAct || !draft.isBegun}
          loading={isSending}
          data-testid="event-comment-save"
        >
          {t('events.saveComment')}
        </Button>
        {draft.isBegun && !isSending && (
          <>
            <span className="dim small" role="status" data-testid="event-draft">
              {t('events.draft')}
            </span>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={draft.drop}>
              {t('events.dropDraft')}
            </Button>
          </>
        )}
      </Group>
    </form>
  );
}

/** One event whole: what led to it, what people did with it, and what one can do. */
export function EventDrawer({ number, changedAt, me, mayAct, commentRef, onClose, onAlter }: DrawerProps) {
  const { t } = useText();
  const { data: event, error } = useQuery({
    queryKey: ['events', 'one', number, changedAt],
    queryFn: ({ signal }) => operationsApi.event(number, signal),
    placeholderData: (before) => (before?.number === number ? before : undefined),
  });
  return (
    <aside className="drawer" aria-label={t('events.details')} data-testid="event-drawer">
      <div className="drawer-head">
        {event !== undefined && <PriorityBadge priority={event.priority} />}
        <span className="dim tabular">#{number}</span>
        {event !== undefined && (
          <span className={`event-state event-state-${event.state}`} data-testid="event-detail-state">
            {t(`eventState.${event.state}`)}
          </span>
        )}
        <span className="grow" />
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          onClick={onClose}
          aria-label={t('common.close')}
          data-testid="drawer-close"
        >
          ✕
        </Button>
      </div>
      {error !== null && event === undefined && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {event === undefined ? (
        error === null && <Loader size="sm" />
      ) : (
        <div className="drawer-body">
          <p className="event-message">{visible(event.message, true)}</p>
          <Group gap="xs">
            {event.state !== 'confirmed' && (
              <Button
                size="compact-sm"
                disabled={!mayAct}
                onClick={() => void onAlter({ state: 'confirmed' })}
                data-testid="event-confirm"
              >
                {t('events.confirm')} <kbd>a</kbd>
              </Button>
            )}
            {event.state !== 'unconfirmed' && (
              <Button
                size="compact-sm"
                variant="default"
                disabled={!mayAct}
                onClick={() => void onAlter({ state: 'unconfirmed' })}
                data-testid="event-unconfirm"
              >
                {t('events.unconfirm')} <kbd>u</kbd>
              </Button>
            )}
            {event.state === 'unconfirmed' && (
              <Button
                size="compact-sm"
                variant="default"
                disabled={!mayAct}
                onClick={() => void onAlter({ state: 'confirming' })}
              >
                {t('events.take')} <kbd>w</kbd>
              </Button>
            )}
            {event.owner === me ? (
              <Button size="compact-sm" variant="default" disabled={!mayAct} onClick={() => void onAlter({ owner: '' })}>
                {t('events.giveUp')}
              </Button>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                disabled={!mayAct}
                onClick={() => void onAlter({ owner: me })}
                data-testid="event-own"
              >
                {t('events.own')} <kbd>m</kbd>
              </Button>
            )}
            {event.owner !== null && <span className="dim">{t('events.ownedBy', { owner: event.owner })}</span>}
          </Group>
          <Comment event={event} mayAct={mayAct} commentRef={commentRef} onAlter={onAlter} />
          <Facts event={event} />
          <h2>{t('events.original')}</h2>
          <pre className="full-text" data-testid="event-original">
            {event.original === '' ? '–' : visible(event.original, true)}
          </pre>
          <h2>{t('events.history')}</h2>
          {event.history.length === 0 ? (
            <p className="dim">{t('events.noHistory')}</p>
          ) : (
            <ul className="plain-list event-history" data-testid="event-history">
              {event.history.map((entry) => (
                <HistoryLine key={entry.id} entry={entry} />
              ))}
            </ul>
          )}
        </div>
      )}
    </aside>
  );
}
