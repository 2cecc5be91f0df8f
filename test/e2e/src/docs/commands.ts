/** One program with its words, as a shell would start it. */
export interface Command {
  readonly words: readonly string[];
  /** Of the block's first line, from 0. */
  readonly line: number;
}

/** As a shell cuts a line: quotes hold together, `$(…)` stays one word, and the operators between commands are words of their own. */
const WORD =
  /\d?>>?&?\d?|<<?|\$\((?:[^()]|\([^()]*\))*\)|(?:\$\((?:[^()]|\([^()]*\))*\)|[^\s'"|&;<>()]|'[^']*'|"[^"]*")+|\|\||&&|[|;&()]/g;
const ENDS = new Set(['|', '||', '&&', ';', '&', '(', ')']);

/** A comment begins at a # that follows a space or begins the line, outside of quotes. */
const withoutComment = (line: string): string => /^(?:[^'"#]|'[^']*'|"[^"]*"|(?<=\S)#)*/.exec(line)?.[0] ?? line;

/** The commands of a block of shell. What redirects is left out; of a loop or condition the commands inside are found. */
export function commandsOf(text: string): readonly Command[] {
  const found: Command[] = [];
  let joined = '';
  for (const [index, line] of text.split('\n').entries()) {
    joined += line.endsWith('\\') ? `${line.slice(0, -1)} ` : line;
    if (line.endsWith('\\')) continue;
    for (const words of commandsOfLine(withoutComment(joined))) found.push({ words, line: index });
    joined = '';
  }
  return found;
}

const KEYWORDS = new Set([
  'if',
  'then',
  'else',
  'fi',
  'for',
  'do',
  'done',
  'while',
  'until',
  '!',
  '{',
  '}',
  'export',
  'sudo',
  'time',
  'exec',
]);

function commandsOfLine(line: string): readonly (readonly string[])[] {
  const all: string[][] = [[]];
  let skips = false;
  for (const [raw] of line.matchAll(WORD)) {
    if (ENDS.has(raw)) all.push([]);
    else if (/^\d?>>?&?\d?$|^<<?$/.test(raw)) skips = !/&\d$/.test(raw);
    else if (skips) skips = false;
    else all.at(-1)!.push(unquoted(raw));
  }
  return all.map(withoutPrefix).filter((words) => words.length > 0);
}

const unquoted = (word: string): string =>
  word.replace(/'([^']*)'|"([^"]*)"/g, (_, one?: string, two?: string) => one ?? two ?? '');

/** Variables that are set for one command, and words that only hold a script together. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  const from = words.findIndex((word) => !KEYWORDS.has(word) && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
  return from === -1 || words[0] === 'for' ? [] : words.slice(from);
}
