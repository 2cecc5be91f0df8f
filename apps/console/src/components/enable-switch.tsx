import { Switch } from '@mantine/core';
import { FUNCTION_OF_KIND, type SettingKind, type SettingView } from '@yosugara/protocol';
import { useText } from '../i18n/language.js';
import { useMe } from './use-me.js';
import { useEnable } from './use-settings.js';

interface EnableSwitchProps {
  readonly kind: SettingKind;
  readonly setting: SettingView;
  readonly size: 'xs' | 'sm';
  /** Beside it, of what was asked for; without it the switch is named after what it switches. */
  readonly says?: (enabled: boolean) => string;
  readonly testId: string;
}

/** On or off. It stands at once as it was asked to, and takes no other press, nor loses the focus, until that is so and was read again. */
export function EnableSwitch({ kind, setting, size, says, testId }: EnableSwitchProps) {
  const { t } = useText();
  const { may } = useMe();
  const { mutate, isPending, variables } = useEnable(kind);
  const isOn = (isPending ? variables : setting)?.enabled === true;
  return (
    <Switch
      className="enable-switch"
      size={size}
      checked={isOn}
      disabled={!may(FUNCTION_OF_KIND[kind], 'modify')}
      {...(says === undefined ? { 'aria-label': t('settings.enableOne', { id: setting.id }) } : { label: says(isOn) })}
      aria-busy={isPending}
      aria-disabled={isPending}
      onChange={(event) => isPending || mutate({ setting, enabled: event.currentTarget.checked })}
      data-testid={testId}
    />
  );
}
