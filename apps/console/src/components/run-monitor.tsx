import { useState } from 'react';
import { operationsApi } from '../api/operations.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { PriorityBadge } from './priority.js';
import { ReferenceInput } from './reference-input.js';
import { TryOut } from './try-out.js';
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
    <TryOut
      testId="run-monitor"
      asks={
        <ReferenceInput
          kind="node"
          label={t('runNow.facility')}
          placeholder={t('runNow.all')}
          value={facility}
          onValue={setFacility}
          size="xs"
          data-testid="run-monitor-node"
        />
      }
      go={t('runNow.go')}
      explain={t('runNow.explain')}
      mayGo={may('monitor', 'execute')}
      command={running}
    >
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
    </TryOut>
  );
}
