import { Select } from '@mantine/core';
import { ALL_USERS, ANY_OWNER } from '@yosugara/protocol';
import { useText } from '../i18n/language.js';
import { useMe } from './use-me.js';

/** Roles that one may give something to. */
export function useOwners(now: string): readonly string[] {
  const { account } = useMe();
  const roles = account?.roles ?? [];
  const reached = (account?.reaches ?? []).filter(({ modes }) => modes.includes('modify')).map(({ owner }) => owner);
  const others = reached.flatMap((owner) => (owner === ANY_OWNER ? ['operator'] : [owner]));
  return [...new Set([now, ...roles, ...others, ALL_USERS])].filter((each) => each !== '');
}

interface OwnerProps {
  readonly value: string;
  readonly disabled?: boolean;
  readonly testId?: string;
  readonly onChange: (owner: string) => void;
}

export function OwnerSelect({ value, disabled = false, testId = 'board-owner', onChange }: OwnerProps) {
  const { t } = useText();
  const owners = useOwners(value);
  return (
    <Select
      size="xs"
      label={t('board.owner')}
      description={t('board.ownerHint')}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      value={value}
      allowDeselect={false}
      data={owners.map((each) => ({ value: each, label: each === ALL_USERS ? t('board.everybody') : each }))}
      onChange={(next) => next !== null && onChange(next)}
      disabled={disabled}
      data-testid={testId}
    />
  );
}
