/**
 * Literal texts with anything between them, which most patterns of operators are (`.*link down.*`): found without an engine.
 * `parts[0]` begins the text, the last one ends it; either may be ''.
 */
export type Glob = readonly string[];

const META = /[\\^$.|?*+()[\]{}]/;
/** A backslash before one of these means the character; before others it has meanings of its own. */
const ESCAPABLE = /[!-/:-@[-`{-~]/;

/** @param regex whose dots match everything. @returns null when it is more than texts and `.*`. */
export function asGlob(regex: string): Glob | null {
  const parts = [''];
  for (let at = 0; at < regex.length; at++) {
    let letter = regex[at]!;
    if (regex.startsWith('.*', at)) {
      at += regex[at + 2] === '?' ? 2 : 1;
      parts.push('');
      continue;
    }
    if (letter === '\\') {
      letter = regex[++at] ?? '';
      if (!ESCAPABLE.test(letter)) return null;
    } else if (META.test(letter)) return null;
    // What is repeated is no plain letter.
    if (/[*+?{]/.test(regex[at + 1] ?? '')) return null;
    parts[parts.length - 1] += letter;
  }
  return parts;
}

/** The same, found anywhere. */
export const anywhere = (glob: Glob): Glob => ['', ...glob, ''];

export function matchesGlob(glob: Glob, text: string): boolean {
  const [first, last] = [glob[0]!, glob.at(-1)!];
  if (glob.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (let each = 1; each < glob.length - 1; each++) {
    const part = glob[each]!;
    const found = part === '' ? at : text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
