import { ownOptions, running, type Verb, type VerbOption } from './describe.js';
import { exitsOf } from './exits.js';
import { synopsisOf } from './manual.js';
import { ROUTES, ROUTES_WITHOUT } from './routes.js';
import { ENVIRONMENT, FILES } from './surroundings.js';

/** In a cell of a table, and outside of code. */
const cell = (text: string) => text.replaceAll('|', '\\|').replace(/[<>*_]/g, '\\$&');
const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;
const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function optionRow({ names, takes, description, usual, choices, mandatory }: VerbOption): string {
  const more = [
    ...(choices.length === 0 ? [] : [`one of ${choices.join(', ')}`]),
    ...(usual === null ? [] : [`default ${usual}`]),
    ...(mandatory ? ['must be given'] : []),
  ];
  const term = code(`${names.join(', ')}${takes === null ? '' : ` <${takes}>`}`);
  return row(term, cell(more.length === 0 ? description : `${description} (${more.join('; ')})`));
}

function verbSection(verb: Verb): string {
  const { path, description, aliases, arguments: all, examples, exits } = verb;
  const usual = exitsOf('').map(([, meaning]) => meaning);
  const rows = [...all.map(({ name, description: says }) => row(code(name), cell(says))), ...ownOptions(verb).map(optionRow)];
  const own = exits.filter(([, meaning]) => !usual.includes(meaning)).map(([number, meaning]) => `${number}: ${meaning}`);
  return [
    `### ${path.join(' ')}`,
    '',
    `${cell(description)}.${aliases.length === 0 ? '' : ` Also: ${aliases.map(code).join(', ')}.`}`,
    '',
    '```text',
    synopsisOf(verb).join(' '),
    ...(examples.length === 0 ? [] : ['', ...examples.map((example) => `yosugara ${example}`)]),
    '```',
    ...(rows.length === 0 ? [] : ['', '| | |', '|---|---|', ...rows]),
    ...(own.length === 0 ? [] : ['', `Ends with ${own.join('; ')}.`]),
  ].join('\n');
}

/** `docs/cli.md` */
export function referenceOf(root: Verb): string {
  const verbs = running(root);
  return `${[
    '# The command line',
    '',
    'Written from the verbs of the program (`YOSUGARA_WRITE_DOCS=1 npx vitest run apps/cli/src/help`); not to be changed by hand. The same is in the manual page',
    '(`man yosugara`), and each part of it in `yosugara VERB --help`. Completion: `. <(yosugara completion bash)`, or `yosugara completion zsh > …/_yosugara` in a folder of `fpath`.',
    '',
    'Nearly all verbs take `--config <file>`, the `yosugara.yaml` of a node on this host, and `--json`, which prints one JSON document; of `--watch` and `--follow` one a line. Tables are for people: colours and pictures that are drawn over only on a terminal, and not where',
    '`NO_COLOR` is set. Answers go to standard output, progress and remarks to standard error.',
    '',
    '## Who asks',
    '',
    'On a node, whoever may read `secrets/pg-app` asks as the host: as strong as an operator, without rights over people and the audit log. `yosugara login` makes the commands of this',
    'user of this host those of a person, until the session ends; programs have an API token in a file. Passwords, codes and tokens are never taken from the command line.',
    '',
    '| | |',
    '|---|---|',
    ...ENVIRONMENT.map(([name, says]) => row(code(name), cell(says))),
    ...FILES.map(([name, says]) => row(code(name), cell(says))),
    '',
    '## Exit codes',
    '',
    '| | |',
    '|---|---|',
    ...exitsOf('').map(([number, meaning]) => row(number, cell(meaning))),
    row('3', '`status`, `self`, `capacity`, `fence`: something is not well'),
    row('11–20', '`recover` ended in that phase'),
    '',
    '## Verbs',
    '',
    ...verbs.map(({ path, description }) => `- [${path.join(' ')}](#${path.join('-')}): ${cell(description)}`),
    '',
    verbs.map(verbSection).join('\n\n'),
    '',
    '## Routes of the API',
    '',
    '| route | verb |',
    '|---|---|',
    ...Object.entries(ROUTES).map(([route, verb]) => row(code(route), code(verb))),
    ...Object.entries(ROUTES_WITHOUT).map(([route, why]) => row(code(route), `– ${cell(why)}`)),
  ].join('\n')}\n`;
}
