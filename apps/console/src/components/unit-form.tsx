import { NumberInput, Switch, Textarea, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { useText } from '../i18n/language.js';
import { OwnerSelect } from './owner-select.js';
import { SchemaForm } from './schema-form.js';
import { fieldOf, type JsonSchema, problemsAt } from './schema-model.js';
import { type UnitDraft } from './unit-model.js';
import { type UnitEditing } from './use-unit-draft.js';

interface UnitFormProps {
  readonly editing: UnitEditing;
  readonly schema: JsonSchema;
  readonly problems: readonly { readonly place: string; readonly found: string; readonly allowed: string }[];
  readonly isNew: boolean;
  readonly disabled: boolean;
}

/** What the unit says of itself. */
export function UnitForm({ editing, schema, problems, isNew, disabled }: UnitFormProps) {
  const { t } = useText();
  const { doc, change } = editing;
  const rest = useMemo(() => {
    const field = fieldOf(schema);
    return field.kind === 'fields'
      ? field.members.filter(({ name }) => !['name', 'timeZone', 'keepDays', 'jobs'].includes(name))
      : [];
  }, [schema]);
  const put = (part: Partial<typeof doc>) => change({ ...doc, ...part }, 'unit');
  const body = (part: object) => put({ body: { ...doc.body, ...part } as UnitDraft });
  const error = (name: string) => problemsAt(problems, name)[0];
  return (
    <div className="panel unit-form" data-testid="unit-form">
      <div className="form-grid">
        <TextInput
          size="xs"
          label={t('settings.id')}
          withAsterisk
          disabled={disabled || !isNew}
          value={doc.id}
          maxLength={128}
          error={isNew && doc.id === '' ? t('unit.idMissing') : undefined}
          onChange={({ currentTarget: { value } }) => put({ id: value.trim() })}
          data-testid="unit-id"
        />
        <TextInput
          size="xs"
          label={t('jobForm.name')}
          withAsterisk
          disabled={disabled}
          value={doc.body.name}
          error={error('name')}
          onChange={({ currentTarget: { value } }) => body({ name: value })}
          data-testid="unit-name"
        />
        <TextInput
          size="xs"
          label={t('unit.timeZone')}
          description={t('unit.timeZoneHelp')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          disabled={disabled}
          value={String(doc.body['timeZone'] ?? '')}
          error={error('timeZone')}
          onChange={({ currentTarget: { value } }) => body({ timeZone: value })}
          data-testid="unit-zone"
        />
        <NumberInput
          size="xs"
          label={t('unit.keepDays')}
          disabled={disabled}
          value={Number(doc.body['keepDays'] ?? 31)}
          error={error('keepDays')}
          hideControls
          onChange={(value) => body({ keepDays: Number(value) })}
        />
        <OwnerSelect value={doc.ownerRole} disabled={disabled} testId="unit-owner" onChange={(ownerRole) => put({ ownerRole })} />
        <Switch
          size="xs"
          className="form-check"
          label={t('settings.enabled')}
          description={t('settings.enabledHint')}
          checked={doc.enabled}
          disabled={disabled}
          onChange={(event) => put({ enabled: event.currentTarget.checked })}
        />
      </div>
      <Textarea
        size="xs"
        label={t('settings.description')}
        disabled={disabled}
        value={doc.description}
        maxLength={1_024}
        autosize
        onChange={({ currentTarget: { value } }) => put({ description: value })}
      />
      <SchemaForm
        field={{ kind: 'fields', members: rest }}
        value={doc.body}
        onChange={(value) => put({ body: value as UnitDraft })}
        problems={problems}
        hasSecret={[]}
        disabled={disabled}
        names="job"
      />
    </div>
  );
}
