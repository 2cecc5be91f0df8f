import type { SettingKind } from '@yosugara/protocol';
import { useEffect, useState } from 'react';
import { drafts } from '../api/drafts.js';
import type { SettingDraft } from '../api/settings.js';
import type { Field } from './schema-model.js';
import { withoutSecrets } from './schema-secrets.js';

const keyOf = (kind: SettingKind, id: string | null) => `form ${kind} ${id ?? '+'}`;

function begunOf(key: string): SettingDraft | null {
  try {
    const text = drafts.get(key);
    return text === null ? null : (JSON.parse(text) as SettingDraft);
  } catch {
    return null;
  }
}

interface FormDraftOptions {
  readonly kind: SettingKind;
  /** null = a new one. */
  readonly id: string | null;
  readonly field: Field;
  /** As it is stored, or as a new one begins. */
  readonly usual: SettingDraft;
}

/**
 * What is filled into a form: it outlives a login in between, a take-over and a reload of the page, all but secrets, which are kept in
 * no store of a browser. Of a revision that is not the stored one any more, saving says that somebody else was faster.
 */
export function useFormDraft({ kind, id, field, usual }: FormDraftOptions) {
  const key = keyOf(kind, id);
  const [begun] = useState(() => begunOf(key));
  const [draft, setDraft] = useState<SettingDraft>(begun ?? usual);
  const [isBegunAgain, setBegunAgain] = useState(begun !== null);
  const [isTouched, setTouched] = useState(false);
  useEffect(() => {
    if (isTouched) drafts.set(key, JSON.stringify({ ...draft, body: withoutSecrets(field, draft.body) }));
  }, [key, field, draft, isTouched]);
  return {
    draft,
    /** It was begun before this form was opened. */
    isBegunAgain,
    put: (part: Partial<SettingDraft>) => {
      setTouched(true);
      setDraft((now) => ({ ...now, ...part }));
    },
    /** It was saved, or is to be found by nobody. */
    drop: () => {
      setTouched(false);
      drafts.drop(key);
    },
    asStored: () => {
      setTouched(false);
      drafts.drop(key);
      setDraft(usual);
      setBegunAgain(false);
    },
  };
}
