import { Alert, Button, Group } from '@mantine/core';
import { useState } from 'react';
import { operationsApi } from '../api/operations.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { PriorityBadge } from './priority.js';
import { ReferenceInput } from './reference-input.js';
import { useCommand } from './use-command.js';
import { useMe } from './use-me.js';

/** A look besides the schedule of a monitor as it is stored: what is in the form does not count. */
export function RunMonitor({ id }: { readonly id: string }) {
  const { t } = useText();
  const { may } = useMe();
  const [facility, setFacility] = useState('');
  const running = useCommand({
    mutationFn: async () => await operationsApi.runMonitor(id, facility === '' ? [] : [facility]),
  });
  const { data } = running;
  return (
    <div className="try-out" data-testid="run-monitor">
      <Group gap="xs" align="end">
        <ReferenceInput
          kind="node"
          label={t('runNow.facility')}
          placeholder={t('runNow.all')}
          value={facility}
          onValue={setFacility}
          size="xs"
          data-testid="run-monitor-node"
        />
        <Button
          size="xs"
          variant="default"
          disabled={!may('monitor', 'execute')}
          loading={running.isPending}
          onClick={() => running.mutate()}
          data-testid="run-monitor-go"
        >
          {t('runNow.go')}
        </Button>
        <span className="dim small">{t('runNow.explain')}</span>
      </Group>
      {running.error !== null && (
        <Alert color="red" role="alert">
          {running.error.message}
        </Alert>
      )}
      {data !== undefined && (
        <ul className="plain-list" data-testid="run-monitor-result" aria-label={t('runNow.done', { count: data.looks.length })}>
          {data.looks.map(({ facility: node, state, seen, results }) => (
            <li key={node}>
              <strong>{visible(node)}</strong>{' '}
              {results.length === 0 && (
                <span className="dim">{seen.find(({ why }) => why !== null)?.why ?? named(t, 'runNow', state)}</span>
              )}
              {results.map(({ item, sub, priority, message }) => (
                <div key={`${item}/${sub}`}>
                  <PriorityBadge priority={priority} /> <span className="breakable">{visible(message)}</span>
                </div>
              ))}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
