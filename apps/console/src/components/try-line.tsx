import { Alert, Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { operationsApi } from '../api/operations.js';
import type { SettingDraft } from '../api/settings.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { PriorityBadge } from './priority.js';
import { useCommand } from './use-command.js';

/** Where it looks does not matter to its rules, and may not be filled in yet. */
const withFacility = (body: unknown): unknown => ({
  ...(body as object),
  facility: (body as { facility?: string }).facility || 'UNREGISTERED',
});

/** What the rules, as they stand in the form, say of one line: nothing is stored, nobody is told. */
export function TryLine({ draft }: { readonly draft: SettingDraft }) {
  const { t } = useText();
  const [text, setText] = useState('');
  const trying = useCommand({ mutationFn: async () => await operationsApi.tryLine(withFacility(draft.body), text) });
  const { data } = trying;
  return (
    <div className="try-line" data-testid="try-line">
      <p className="dim small">{t('try.explain')}</p>
      <Textarea
        size="xs"
        className="mono"
        label={t('try.line')}
        placeholder="<34>1 2026-11-21T22:14:15.003Z web1 sshd 812 - - Failed password for root from 192.0.2.7"
        autosize
        minRows={2}
        maxRows={8}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey) return;
          event.preventDefault();
          trying.mutate();
        }}
        data-testid="try-text"
      />
      <Button size="xs" disabled={text === ''} loading={trying.isPending} onClick={() => trying.mutate()} data-testid="try-go">
        {t('try.go')}
      </Button>
      {trying.error !== null && (
        <Alert color="red" role="alert">
          {trying.error.message}
        </Alert>
      )}
      {data !== undefined && (
        <div data-testid="try-result">
          <p>
            {data.told === null ? <strong>{t('try.nothing')}</strong> : <PriorityBadge priority={data.told.priority} />}{' '}
            {data.told !== null && <span className="breakable">{visible(data.told.message)}</span>}
          </p>
          <p className="dim small">{data.why}</p>
          <ol className="plain-list">
            {data.rules.map((rule) => (
              <li key={rule.place} className={`tried tried-${rule.outcome.replaceAll(' ', '-')}`}>
                <strong className="tabular">{rule.place}</strong> {visible(rule.description)}{' '}
                <span className="tried-outcome">{named(t, 'tried', rule.outcome)}</span>{' '}
                <span className="dim">{visible(rule.why)}</span>
              </li>
            ))}
          </ol>
        </div>
      )}
    </div>
  );
}
