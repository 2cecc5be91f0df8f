import { Alert, Button, Group, Modal, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { JobTriggerBody, RunParameter } from '@yosugara/protocol';
import { useState } from 'react';
import { ApiError } from '../api/client.js';
import { jobsApi } from '../api/jobs.js';
import { newId } from '../api/new-id.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { DIALOG_PARTS } from './dialog.js';
import { NoMasterNow } from './no-master.js';
import { ReferenceInput } from './reference-input.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';
import { useSettings } from './use-settings.js';

type Asked = Exclude<RunParameter, { kind: 'fixed' }>;

/** Of a unit, those that people may begin it by, with what they ask for. */
function useManualTriggers(
  unit: string,
): readonly { readonly id: string; readonly parameters: readonly (readonly [string, Asked])[] }[] {
  const { rows } = useSettings('job-trigger');
  return rows.flatMap(({ id, enabled, body }) => {
    const trigger = body as JobTriggerBody;
    if (!enabled || trigger.type !== 'manual' || trigger.unit !== unit) return [];
    const parameters = Object.entries(trigger.parameters).flatMap(([name, parameter]) =>
      parameter.kind === 'fixed' ? [] : [[name, parameter] as const],
    );
    return [{ id, parameters }];
  });
}

interface ParameterProps {
  readonly name: string;
  readonly parameter: Asked;
  readonly value: string | undefined;
  readonly onValue: (value: string) => void;
}

function Parameter({ name, parameter, value, onValue }: ParameterProps) {
  const label = parameter.label === '' ? name : parameter.label;
  const shown = value ?? parameter.value ?? '';
  if (parameter.kind === 'choice')
    return (
      <Select
        label={label}
        required={parameter.required}
        value={shown === '' ? null : shown}
        onChange={(chosen) => onValue(chosen ?? '')}
        data={parameter.choices.map((choice) => ({
          value: choice.value,
          label: choice.label === '' ? choice.value : choice.label,
        }))}
      />
    );
  return (
    <TextInput
      label={label}
      required={parameter.required}
      value={shown}
      onChange={(event) => onValue(event.currentTarget.value)}
    />
  );
}

interface StartProps {
  readonly unit: string;
  readonly onClose: () => void;
  readonly onBegun: (session: string) => void;
}

/** Asked twice, because no answer came, it is one session. */
export function StartDialog({ unit: first, onClose, onBegun }: StartProps) {
  const { t } = useText();
  const toast = useToast();
  const client = useQueryClient();
  const [request, setRequest] = useState(newId);
  const [unit, setUnit] = useState(first);
  const [chosen, setChosen] = useState<string | null>(null);
  const [given, setGiven] = useState<Readonly<Record<string, string>>>({});
  const [ignoresTimes, setIgnoresTimes] = useState(false);
  const triggers = useManualTriggers(unit);
  const trigger = triggers.find(({ id }) => id === chosen) ?? null;
  const starting = useCommand({
    mutationFn: async () => {
      const names = (trigger?.parameters ?? []).map(([name]) => name);
      const parameters = Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
      return await jobsApi.start(unit, { request, trigger: trigger?.id ?? null, parameters, ignoresTimes });
    },
    onSuccess: ({ session }) => {
      toast({ text: t('jobs.begun', { session }), tone: 'good', testId: 'toast-begun' });
      onBegun(session);
    },
    onSettled: async () => await client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  const { error } = starting;
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('jobs.runTitle')}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
      attributes={DIALOG_PARTS}
    >
      <Stack gap="sm" data-testid="start-dialog">
        {error !== null && (
          <Alert color="red" role="alert">
            {problems.length === 0
              ? error.message
              : problems.map(({ place, found, allowed }) => <div key={place}>{visible(`${place}: ${found} → ${allowed}`)}</div>)}
          </Alert>
        )}
        <ReferenceInput
          kind="job-unit"
          label={t('jobs.unit')}
          value={unit}
          onValue={(next) => {
            setUnit(next);
            // Of another unit it is another wish.
            setRequest(newId());
          }}
          data-testid="start-unit"
        />
        {triggers.length > 0 && (
          <Select
            label={t('jobs.manual')}
            placeholder={t('jobs.noTrigger')}
            clearable
            value={chosen}
            onChange={setChosen}
            data={triggers.map(({ id }) => id)}
            data-testid="start-trigger"
          />
        )}
        {trigger?.parameters.map(([name, parameter]) => (
          <Parameter
            key={name}
            name={name}
            parameter={parameter}
            value={given[name]}
            onValue={(value) => setGiven((before) => ({ ...before, [name]: value }))}
          />
        ))}
        <Switch
          label={t('jobs.ignoreTimes')}
          checked={ignoresTimes}
          onChange={(event) => setIgnoresTimes(event.currentTarget.checked)}
        />
        <NoMasterNow />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button onClick={() => starting.mutate()} loading={starting.isPending} disabled={unit === ''} data-testid="start-begin">
            {t('jobs.begin')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
