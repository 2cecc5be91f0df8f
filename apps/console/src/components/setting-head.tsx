import { Switch, TextInput } from '@mantine/core';
import type { SettingKind } from '@yosugara/protocol';
import type { Problem } from '../api/client.js';
import type { SettingDraft } from '../api/settings.js';
import { useText } from '../i18n/language.js';
import { OwnerSelect } from './owner-select.js';
import { problemsAt } from './schema-model.js';

interface SettingHeadProps {
  readonly kind: SettingKind;
  readonly draft: SettingDraft;
  readonly problems: readonly Problem[];
  readonly put: (part: Partial<SettingDraft>) => void;
  readonly isNew: boolean;
  readonly disabled: boolean;
}

/** What every setting has, whatever its kind. */
export function SettingHead({ kind, draft, problems, put, isNew, disabled }: SettingHeadProps) {
  const { t } = useText();
  return (
    <div className="form-grid">
      <TextInput
        size="xs"
        label={t('settings.id')}
        value={draft.id}
        disabled={!isNew || disabled}
        withAsterisk
        maxLength={128}
        error={problemsAt(problems, 'id')[0]}
        onChange={(event) => put({ id: event.currentTarget.value.trim() })}
        data-testid="field-id"
      />
      <TextInput
        size="xs"
        label={t('settings.description')}
        value={draft.description}
        disabled={disabled}
        maxLength={1_024}
        onChange={(event) => put({ description: event.currentTarget.value })}
        data-testid="field-description"
      />
      <OwnerSelect
        value={draft.ownerRole}
        disabled={disabled}
        testId="field-owner"
        onChange={(ownerRole) => put({ ownerRole })}
      />
      <Switch
        size="xs"
        className="form-check"
        label={t('settings.enabled')}
        description={kind === 'node' ? t('settings.enabledNode') : t('settings.enabledHint')}
        checked={draft.enabled}
        disabled={disabled}
        onChange={(event) => put({ enabled: event.currentTarget.checked })}
        data-testid="field-enabled"
      />
    </div>
  );
}
