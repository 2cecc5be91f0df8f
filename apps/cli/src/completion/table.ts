import type { Verb } from '../help/describe.js';
import { type Source, sourceOfArgument, sourceOfOption } from './sources.js';

/** One verb as a shell sees it: `/jobs/list`. */
export interface Row {
  readonly at: string;
  readonly verbs: readonly Named[];
  readonly options: readonly (Named & { readonly source: Source | null })[];
  /** In their order; the last one of a verb that takes many stands for all further ones. */
  readonly arguments: readonly Source[];
  readonly many: boolean;
}
export interface Named {
  readonly name: string;
  readonly says: string;
}

/** The tree as rows, the root first. */
export function rowsOf(verb: Verb): readonly Row[] {
  const row: Row = {
    at: placeOf(verb.path),
    verbs: verb.verbs.map(({ path, description }) => ({ name: path.at(-1)!, says: description })),
    options: [
      ...verb.options.flatMap((option) =>
        option.names.map((name) => ({ name, says: option.description, source: sourceOfOption(verb, option) })),
      ),
      { name: '--help', says: 'what it does', source: null },
    ],
    arguments: verb.arguments.map((argument) => sourceOfArgument(verb, argument)),
    many: verb.arguments.at(-1)?.many === true,
  };
  return [row, ...verb.verbs.flatMap(rowsOf)];
}

/** Every way to a verb, also by its other names, and where it leads. */
export const waysOf = (verb: Verb): readonly { readonly way: string; readonly to: string }[] =>
  verb.verbs.flatMap((each) => [
    ...[each.path.at(-1)!, ...each.aliases].map((name) => ({ way: placeOf([...verb.path, name]), to: placeOf(each.path) })),
    ...waysOf(each),
  ]);

const placeOf = (path: readonly string[]): string => path.map((word) => `/${word}`).join('');

/** One word to a shell, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Places of the tree at which an option of that name takes a value, as patterns of a `case`. */
export const takingOptions = (rows: readonly Row[]): readonly string[] =>
  rows.flatMap(({ at, options }) => options.filter(({ source }) => source !== null).map(({ name }) => quoted(`${at} ${name}`)));
