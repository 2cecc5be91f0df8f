/** Documents of a YAML text, each as the text that it is, and the line where it begins: a text of a hundred thousand is not held as a syntax tree. */
export function* yamlParts(text: string): Generator<{ readonly part: string; readonly line: number }> {
  let from = 0;
  let line = 1;
  let lineOfPart = 1;
  for (let at = 0; at <= text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (/^(---|\.\.\.)(\s|$)/.test(text.slice(at, at + 4))) {
      yield { part: text.slice(from, at), line: lineOfPart };
      // What stands behind the dashes belongs to the next one.
      from = at + 3;
      lineOfPart = line;
    }
    at = end + 1;
    line += 1;
  }
  yield { part: text.slice(from), line: lineOfPart };
}
