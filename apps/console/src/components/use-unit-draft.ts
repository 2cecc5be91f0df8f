import type { SettingView } from '@yosugara/protocol';
import type { Problem } from '../api/client.js';
import { mistakesOf, type UnitDraft } from './unit-model.js';
import { docOf as docOfSetting, type SettingDoc, type SettingEditing, useSettingDraft } from './use-setting-draft.js';

/** A unit as the editor holds it: all that is saved. */
export type UnitDoc = SettingDoc<UnitDraft>;
export type UnitEditing = SettingEditing<UnitDraft>;
export const docOf = (setting: SettingView): UnitDoc => docOfSetting<UnitDraft>(setting);

export const emptyUnit = (): UnitDoc => ({
  ...{ id: '', description: '', enabled: true, ownerRole: 'operator' },
  body: { name: '', timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, variables: {}, jobs: [], keepDays: 31 },
});
const judge = (unit: UnitDraft): readonly Problem[] => mistakesOf(unit);

/** One unit with its steps; what was begun outlives the page. @param id null = a new one. */
export const useUnitDraft = (id: string | null) => useSettingDraft<UnitDraft>({ kind: 'job-unit', id, empty: emptyUnit, judge });
