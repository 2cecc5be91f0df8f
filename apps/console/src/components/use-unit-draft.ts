import { type SettingView, usualOwnerOf } from '@yosugara/protocol';
import { useState } from 'react';
import type { Problem } from '../api/client.js';
import { type UnitDraft } from './unit-model.js';
import { mistakesOf } from './unit-problems.js';
import { useMe } from './use-me.js';
import { docOf as docOfSetting, type SettingDoc, type SettingEditing, useSettingDraft } from './use-setting-draft.js';

/** A unit as the editor holds it: all that is saved. */
export type UnitDoc = SettingDoc<UnitDraft>;
export type UnitEditing = SettingEditing<UnitDraft>;
export const docOf = (setting: SettingView): UnitDoc => docOfSetting<UnitDraft>(setting);

export const emptyUnit = (ownerRole = 'operator'): UnitDoc => ({
  ...{ id: '', description: '', enabled: true, ownerRole },
  body: { name: '', timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, variables: {}, jobs: [], keepDays: 31 },
});
const judge = (unit: UnitDraft): readonly Problem[] => mistakesOf(unit);

/** One unit with its steps; what was begun outlives the page. @param id null = a new one. */
export function useUnitDraft(id: string | null) {
  const { account } = useMe();
  const [empty] = useState(() => () => emptyUnit(usualOwnerOf(account?.roles ?? [])));
  return useSettingDraft<UnitDraft>({ kind: 'job-unit', id, empty, judge });
}
