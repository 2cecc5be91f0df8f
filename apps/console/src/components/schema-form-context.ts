import { createContext, useContext } from 'react';
import type { Problem } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { known } from '../i18n/translate.js';
import { type Field, problemsAt } from './schema-model.js';

export interface FormContext {
  readonly problems: readonly Problem[];
  /** Places of secrets that the manager keeps. */
  readonly hasSecret: readonly string[];
  readonly disabled: boolean;
  /** Whose fields they are: names of theirs come first (`job` → `field.job.unit`). */
  readonly names?: string;
}
export const Form = createContext<FormContext>({ problems: [], hasSecret: [], disabled: false });

export interface FieldProps {
  readonly field: Field;
  readonly place: string;
  readonly name: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly isNullable: boolean;
  readonly isRequired: boolean;
  readonly description: string;
}

export const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
export const inside = (place: string, key: string | number) => (place === '' ? String(key) : `${place}.${key}`);

/** `failureIsChange` → `Failure is change`: a field that nobody has named yet is still to be read. */
function humanised(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The name of a field, and a sentence about it: of its place first (`check.count`), then of any field that is called so. */
export function useNames() {
  const { t } = useText();
  const { names } = useContext(Form);
  const find = (kind: 'field' | 'help', place: string, name: string) => {
    const generic = place.replace(/\.\d+(?=\.|$)/g, '');
    const own = names === undefined ? null : (known(kind, `${names}.${generic}`) ?? known(kind, `${names}.${name}`));
    const key = own ?? known(kind, generic) ?? known(kind, name);
    return key === null ? null : t(key);
  };
  return {
    label: (place: string, name: string) => find('field', place, name) ?? humanised(name),
    help: (place: string, name: string, description: string) =>
      find('help', place, name) ?? (description === '' ? undefined : description),
    option: (value: string, name: string) => {
      const key =
        (names === undefined ? null : known('choice', `${names}.${value}`)) ??
        known('choice', `${name}.${value}`) ??
        known('choice', value) ??
        known('priority', value) ??
        known('eventState', value);
      return key === null ? value : t(key);
    },
  };
}

export function useCommon({ field, place, name, isRequired, description }: FieldProps) {
  const names = useNames();
  const { problems, disabled } = useContext(Form);
  const wrong = problemsAt(problems, place, ['words', 'range', 'record', 'json'].includes(field.kind));
  return {
    size: 'xs' as const,
    label: names.label(place, name),
    description: names.help(place, name, description),
    error: wrong.length === 0 ? undefined : wrong.join('; '),
    withAsterisk: isRequired,
    disabled,
    'data-testid': `field-${place}`,
    inputWrapperOrder: ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[],
  };
}
