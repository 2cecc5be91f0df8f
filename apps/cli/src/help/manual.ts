import { ownOptions, running, type Verb, type VerbOption } from './describe.js';
import { type Exit, exitsOf } from './exits.js';
import { ENVIRONMENT, FILES } from './surroundings.js';

/** Text for groff's man macros: what would command it is escaped. */
export const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replace(/^\./gm, '\\&.');

const bold = (text: string) => `\\fB${roff(text)}\\fR`;
const slanted = (text: string) => `\\fI${roff(text)}\\fR`;

/** A term and what it says. */
const item = (term: string, says: string): string => `.TP\n${term}\n${roff(says)}`;

function optionItem({ names, takes, description, usual, choices, mandatory }: VerbOption): string {
  const value = takes === null ? '' : ` ${slanted(takes)}`;
  const more = [
    ...(choices.length === 0 ? [] : [`one of ${choices.join(', ')}`]),
    ...(usual === null ? [] : [`default: ${usual}`]),
    ...(mandatory ? ['must be given'] : []),
  ];
  const term = names.map((name) => bold(name)).join(', ') + value;
  return item(term, more.length === 0 ? description : `${description} (${more.join('; ')})`);
}

/** As it is typed: `yosugara jobs show [options] <session> [job]`. */
export function synopsisOf({ path, arguments: all, options }: Verb): readonly string[] {
  const words = all.map(({ name, required, many }) =>
    required ? `<${name}${many ? '...' : ''}>` : `[${name}${many ? '...' : ''}]`,
  );
  return ['yosugara', ...path, ...(options.length === 0 ? [] : ['[options]']), ...words];
}

function verbSection(verb: Verb): string {
  const { path, description, aliases, arguments: all, examples, exits } = verb;
  return [
    `.SS ${roff(path.join(' '))}`,
    `.B ${roff(synopsisOf(verb).join(' '))}`,
    '.PP',
    roff(`${description}.`),
    ...(aliases.length === 0 ? [] : ['.PP', `Also: ${aliases.map(bold).join(', ')}.`]),
    ...all.map(({ name, description: says }) => item(slanted(name), says)),
    ...ownOptions(verb).map(optionItem),
    ...(examples.length === 0 ? [] : ['.PP', 'Examples:', '.PP', '.RS 4', '.EX']),
    ...examples.map((example) => `yosugara ${roff(example)}`),
    ...(examples.length === 0 ? [] : ['.EE', '.RE']),
    ...ownExits(exits).flatMap(([code, meaning]) => ['.PP', roff(`Ends with ${code}: ${meaning}.`)]),
  ].join('\n');
}

/** Codes that mean here what they do not mean everywhere. */
const ownExits = (exits: readonly Exit[]) =>
  exits.filter((exit) => !USUAL.some(([code, meaning]) => code === exit[0] && meaning === exit[1]));
const USUAL = exitsOf('');

/** `yosugara.1`, in the man macros that groff and mandoc both know. */
export function manualOf(root: Verb): string {
  return `${[
    '.\\" Written from the verbs of the program; not to be changed by hand.',
    '.TH YOSUGARA 1 "" "Yosugara" "User Commands"',
    '.SH NAME',
    'yosugara \\- operate a Yosugara cluster',
    '.SH SYNOPSIS',
    '.B yosugara',
    `${slanted('verb')} [${slanted('options')}] [${slanted('arguments')}]`,
    '.SH DESCRIPTION',
    roff('What the console shows and does, from a terminal: tables for people, one JSON document for programs (--json).'),
    roff('Colours and pictures that are drawn over are for terminals only, and not where NO_COLOR is set or TERM is dumb.'),
    '.PP',
    roff(
      'Nearly all verbs take --config FILE, the yosugara.yaml of a node on this host, and --json; --help of each has the same as this page.',
    ),
    '.SH VERBS',
    ...running(root).map(verbSection),
    '.SH "EXIT STATUS"',
    ...USUAL.map(([code, meaning]) => item(bold(code), meaning)),
    item(bold('3'), 'status, self, capacity and fence: something is not well'),
    item(`${bold('11')}\\(en${bold('20')}`, 'recover ended in that phase'),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.map(([name, says]) => item(bold(name), says)),
    '.SH FILES',
    ...FILES.map(([name, says]) => item(slanted(name), says)),
    '.SH SECURITY',
    roff('Passwords, codes and tokens are never taken from the command line: from a file, from standard input, or typed.'),
  ].join('\n')}\n`;
}
