import { InvalidInputError } from '@yosugara/kernel';
import { SETTING_KINDS, type SettingKind } from '@yosugara/protocol';

export const CHANGE_DEADLINE_MS = 15_000;
export const ANYTHING = { parse: (value: unknown) => value };

export const settingPath = (kind: SettingKind, id: string, query: Readonly<Record<string, string>> = {}): string => {
  const text = new URLSearchParams(query).toString();
  return `/api/v1/settings/${kind}/${encodeURIComponent(id)}${text === '' ? '' : `?${text}`}`;
};

export function kindOf(kind: string): SettingKind {
  const found = SETTING_KINDS.find((each) => each === kind);
  if (found === undefined) throw new InvalidInputError('kind', kind, SETTING_KINDS.join(', '));
  return found;
}
