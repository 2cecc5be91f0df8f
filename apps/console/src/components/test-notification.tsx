import { NativeSelect } from '@mantine/core';
import { PRIORITIES, type Priority } from '@yosugara/protocol';
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

interface TestProps {
  readonly id: string;
  /** That it tells something of. */
  readonly priorities: object;
}

/** Has a notification, as it is stored, tell something that says that it is a test. */
export function TestNotification({ id, priorities }: TestProps) {
  const { t } = useText();
  const { may } = useMe();
  const [priority, setPriority] = useState<Priority | null>(null);
  const [facility, setFacility] = useState('');
  const testing = useCommand({
    mutationFn: async () => await operationsApi.testNotification(id, { priority, facility: facility === '' ? null : facility }),
  });
  const { data } = testing;
  const told = PRIORITIES.filter((each) => each in priorities);
  return (
    <TryOut
      testId="test-notification"
      asks={
        <>
          <NativeSelect
            size="xs"
            label={t('testNow.priority')}
            value={priority ?? ''}
            onChange={(event) => setPriority(PRIORITIES.find((each) => each === event.currentTarget.value) ?? null)}
            data={[
              { value: '', label: t('testNow.worst') },
              ...told.map((each) => ({ value: each, label: t(`priority.${each}`) })),
            ]}
            data-testid="test-notification-priority"
          />
          <ReferenceInput
            kind="node"
            label={t('testNow.node')}
            value={facility}
            onValue={setFacility}
            size="xs"
            data-testid="test-notification-node"
          />
        </>
      }
      go={t('testNow.go')}
      explain={t('testNow.explain')}
      mayGo={may('notification', 'execute')}
      command={testing}
    >
      {data !== undefined && (
        <p data-testid="test-notification-result">
          <PriorityBadge priority={data.priority} /> {named(t, 'testNow', data.outcome)}{' '}
          {data.note !== null && <span className="breakable">{visible(data.note)}</span>}
        </p>
      )}
    </TryOut>
  );
}
