import { en, type TextKey } from './en.js';
import { ja } from './ja.js';

export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Values = Readonly<Record<string, string | number>>;
export type Translate = (key: TextKey, values?: Values) => string;

export const DICTIONARIES: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { en, ja };

/** `{name}` → the value; an unknown name stays visible, so that the mistake is seen. */
export function translate(language: Language, key: TextKey, values: Values = {}): string {
  return DICTIONARIES[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Texts for codes the server may extend: null when this console does not know the code. */
export function known(prefix: string, code: string): TextKey | null {
  const key = `${prefix}.${code}`;
  return Object.hasOwn(en, key) ? (key as TextKey) : null;
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
