import type { Argument, Command, Option } from 'commander';
import { CLUSTER_EXAMPLES } from './cluster.js';
import { type Exit, exitsOf } from './exits.js';
import { HOST_EXAMPLES } from './hosts.js';
import { OPERATIONS_EXAMPLES } from './operations.js';
import { PEOPLE_EXAMPLES } from './people.js';

/** A verb as its help, the manual and completion tell it. */
export interface Verb {
  readonly path: readonly string[];
  readonly aliases: readonly string[];
  readonly description: string;
  /** It does something by itself, and is no mere group. */
  readonly runs: boolean;
  readonly arguments: readonly VerbArgument[];
  readonly options: readonly VerbOption[];
  readonly verbs: readonly Verb[];
  readonly examples: readonly string[];
  readonly exits: readonly Exit[];
}
export interface VerbArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly many: boolean;
  readonly choices: readonly string[];
}
export interface VerbOption {
  readonly flags: string;
  readonly names: readonly string[];
  /** What it takes; null: nothing. */
  readonly takes: string | null;
  readonly description: string;
  readonly usual: string | null;
  readonly mandatory: boolean;
  readonly many: boolean;
  readonly choices: readonly string[];
}

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  ...CLUSTER_EXAMPLES,
  ...OPERATIONS_EXAMPLES,
  ...PEOPLE_EXAMPLES,
  ...HOST_EXAMPLES,
};
/** Verbs that examples were written for. */
export const EXAMPLED = Object.keys(EXAMPLES);

/** The whole tree, from what commander knows. */
export function describe(command: Command, path: readonly string[] = []): Verb {
  const name = path.join(' ');
  const visible = command.createHelp();
  const verbs = visible
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help')
    .map((each) => describe(each, [...path, each.name()]));
  return {
    ...{ path, aliases: command.aliases(), description: command.description(), verbs },
    runs: verbs.length === 0 || EXAMPLES[name] !== undefined,
    arguments: command.registeredArguments.map(argumentOf),
    options: visible
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .map(optionOf),
    ...{ examples: EXAMPLES[name] ?? [], exits: exitsOf(name) },
  };
}

const argumentOf = (argument: Argument): VerbArgument => ({
  name: argument.name(),
  description: argument.description,
  required: argument.required,
  many: argument.variadic,
  choices: argument.argChoices ?? [],
});

function optionOf(option: Option): VerbOption {
  const { flags, short, long, description, defaultValue, mandatory, variadic, argChoices } = option;
  const takes = /[<[]([^\]>]+)[>\]]/.exec(flags)?.[1] ?? null;
  const isSaid = defaultValue !== undefined && takes !== null && `${defaultValue}` !== '';
  return {
    ...{ flags, takes, description, mandatory, choices: argChoices ?? [] },
    names: [short, long].filter((name) => name !== undefined),
    usual: isSaid ? String(defaultValue) : null,
    many: variadic || /can be repeated|may be repeated/.test(description),
  };
}

/** Options that nearly all verbs have: told once. */
const COMMON = new Set(['yosugara.yaml of a node on this host', 'print one JSON document']);
export const ownOptions = ({ options }: Verb): readonly VerbOption[] =>
  options.filter(({ description }) => !COMMON.has(description));

/** Every verb that does something, in the order of the tree. */
export const running = (verb: Verb): readonly Verb[] => [
  ...(verb.runs && verb.path.length > 0 ? [verb] : []),
  ...verb.verbs.flatMap(running),
];
