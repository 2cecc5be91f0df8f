import type { CapacityKey } from './capacity-en.js';
import type { ConsoleKey } from './console-en.js';
import type { DashboardsKey } from './dashboards-en.js';
import { type CoreKey, en } from './en.js';
import type { FieldKey } from './fields-en.js';
import type { InventoryKey } from './inventory-en.js';
import { ja } from './ja.js';
import type { JobsKey } from './jobs-en.js';
import type { OperationsKey } from './operations-en.js';
import type { UpkeepKey } from './upkeep-en.js';

export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];
/** Of pages that are loaded later, too: they bring their texts along (`learnTexts`). */
export type TextKey =
  | CoreKey
  | OperationsKey
  | ConsoleKey
  | JobsKey
  | FieldKey
  | DashboardsKey
  | UpkeepKey
  | CapacityKey
  | InventoryKey;
export type Values = Readonly<Record<string, string | number>>;
export type Translate = (key: TextKey, values?: Values) => string;

const dictionaries: Record<Language, Record<string, string>> = { en: { ...en }, ja: { ...ja } };
export const DICTIONARIES: Readonly<Record<Language, Readonly<Record<string, string>>>> = dictionaries;

export function learnTexts(texts: Readonly<Record<Language, Readonly<Record<string, string>>>>): void {
  for (const language of LANGUAGES) Object.assign(dictionaries[language], texts[language]);
}

/** `{name}` → the value; an unknown name stays visible, so that the mistake is seen. */
export function translate(language: Language, key: TextKey, values: Values = {}): string {
  return (dictionaries[language][key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Texts for codes the server may extend: null when this console does not know the code. */
export function known(prefix: string, code: string): TextKey | null {
  const key = `${prefix}.${code}`;
  return Object.hasOwn(dictionaries.en, key) ? (key as TextKey) : null;
}

/** The code itself where this console has no word for it. */
export function named(t: Translate, prefix: string, code: string): string {
  const key = known(prefix, code);
  return key === null ? code : t(key);
}

/** Remembered choice first, then the browser's languages in their order, then English. */
export function chooseLanguage(remembered: string | null, browser: readonly string[]): Language {
  const wanted = remembered === null ? browser : [remembered, ...browser];
  for (const tag of wanted) {
    const found = LANGUAGES.find((language) => tag.toLowerCase().split('-')[0] === language);
    if (found !== undefined) return found;
  }
  return 'en';
}
