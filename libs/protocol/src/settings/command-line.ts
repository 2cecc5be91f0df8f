/** The words of a command without a shell; null = a quote is not closed. */
export function splitWords(command: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < command.length; at++) {
    const char = command[at]!;
    const variable = variableAt(command, at);
    if (variable !== null) {
      word = (word ?? '') + variable;
      at += variable.length - 1;
    } else if (quote === null && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === quote) quote = null;
    else if (quote === null && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (char === '\\' && quote !== "'" && at + 1 < command.length) word = (word ?? '') + command[++at];
    else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return quote === null ? words : null;
}

/** `#[…]` that begins there: never taken apart. */
export function variableAt(template: string, at: number): string | null {
  if (!template.startsWith('#[', at)) return null;
  const end = template.indexOf(']', at);
  return end < 0 ? null : template.slice(at, end + 1);
}

/**
 * Why such a command is refused; null = it is not. In a shell a value is put between ' where it stands; what is listed here would undo that
 * (POSIX 2.2.3, 2.3, 2.6.3, 2.7.4).
 */
export function commandTrouble(command: string, shell: boolean): string | null {
  if (!shell) {
    const words = splitWords(command);
    if (words === null) return 'a quote is not closed';
    return words[0] === undefined || words[0] === '' ? 'there is no program' : null;
  }
  if (!command.includes('#[')) return null;
  const found = UNQUOTABLE.find(({ pattern }) => pattern.test(command));
  return found === undefined
    ? null
    : `a variable cannot be quoted safely in a command with ${found.what}: put that into a script`;
}

const UNQUOTABLE = [
  { pattern: /`/, what: '`' },
  { pattern: /\$\(/, what: '$( )' },
  { pattern: /\$['"]/, what: "$' '" },
  { pattern: /\$\{[^}]*["'#]/, what: `a quote within \${ }` },
  { pattern: /<</, what: '<<' },
  { pattern: /(^|[\s;&|()])#(?!\[)/, what: 'a comment' },
] as const;
