import type { RunParameter, SettingMistake } from '@yosugara/protocol';

const MAX_VALUE = 1_024;

export type GivenVariables =
  | { readonly ok: true; readonly variables: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly mistakes: readonly SettingMistake[] };

/**
 * Variables of a session from what a trigger asks for and what somebody gave. What is not asked for, or fixed, cannot be given.
 * @param isPerson false: nobody is there to be asked (a schedule, a file): what is required and not there stays empty.
 */
export function variablesGiven(
  parameters: Readonly<Record<string, RunParameter>>,
  given: Readonly<Record<string, string>>,
  isPerson: boolean,
): GivenVariables {
  const mistakes: SettingMistake[] = [];
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const place = `parameters.${name}`;
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) mistakes.push({ place, found: JSON.stringify(value), allowed: namesOf(parameters) });
    else if (parameter.kind === 'fixed' && parameter.value !== value)
      mistakes.push({ place, found: JSON.stringify(value), allowed: `${JSON.stringify(parameter.value)}: it is fixed` });
  }
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = chosen(parameter, Object.hasOwn(given, name) ? given[name]! : null);
    const wrong = mistakeOf(parameter, value, isPerson);
    if (wrong !== null)
      mistakes.push({ place: `parameters.${name}`, found: value === null ? 'nothing' : JSON.stringify(value), allowed: wrong });
    else if (value !== null) variables[name] = value;
  }
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, variables };
}

const chosen = (parameter: RunParameter, given: string | null): string | null =>
  parameter.kind === 'fixed' ? parameter.value : (given ?? parameter.value);

function mistakeOf(parameter: RunParameter, value: string | null, isPerson: boolean): string | null {
  if (parameter.kind === 'fixed') return null;
  const isMissing = value === null || value === '';
  if (isMissing && parameter.required && isPerson) return `a value${labelOf(parameter)}: it is required`;
  if (value === null) return null;
  if (value.length > MAX_VALUE) return `at most ${MAX_VALUE} characters`;
  if (parameter.kind === 'choice' && !parameter.choices.some((choice) => choice.value === value))
    return parameter.choices.map((choice) => JSON.stringify(choice.value)).join(', ');
  return null;
}

const labelOf = ({ label }: { readonly label: string }) => (label === '' ? '' : ` (${label})`);
const namesOf = (parameters: Readonly<Record<string, RunParameter>>): string => {
  const names = Object.entries(parameters).flatMap(([name, { kind }]) => (kind === 'fixed' ? [] : [name]));
  return names.length === 0 ? 'no parameters: this trigger asks for none' : names.join(', ');
};
