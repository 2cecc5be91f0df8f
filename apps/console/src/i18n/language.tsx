import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { chooseLanguage, type Language, type Translate, translate } from './translate.js';

const STORAGE_KEY = 'yosugara.language';

interface LanguageValue {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly t: Translate;
}
const LanguageContext = createContext<LanguageValue | null>(null);

function remembered(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setState] = useState<Language>(() => chooseLanguage(remembered(), navigator.languages));
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const setLanguage = useCallback((next: Language) => {
    setState(next);
    try {
      localStorage.setItem(STORAGE_KEY, next);
    } catch {
      // Storage can be switched off; then the choice lives as long as the page.
    }
  }, []);
  const value = useMemo<LanguageValue>(
    () => ({ language, setLanguage, t: (key, values) => translate(language, key, values) }),
    [language, setLanguage],
  );
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

export function useText(): LanguageValue {
  const value = useContext(LanguageContext);
  if (value === null) throw new Error('useText outside of LanguageProvider');
  return value;
}
