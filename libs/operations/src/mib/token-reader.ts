import type { Token } from './tokens.js';

export class SyntaxProblem extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Goes over the words of a file. What does not stand where it must is a `SyntaxProblem`. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #firstLine: number;
  #at = 0;

  constructor(tokens: readonly Token[], firstLine: number) {
    this.#tokens = tokens;
    this.#firstLine = firstLine;
  }

  /** Number of the next one. */
  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The next one but `ahead`. */
  token(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  /** Those that were passed since then. */
  since(begin: number): readonly Token[] {
    return this.#tokens.slice(begin, this.#at);
  }

  /** Where in the text the next one ends, or the last one. */
  get end(): number {
    return (this.#tokens[this.#at] ?? this.#tokens.at(-1))!.end;
  }

  skip(count = 1): void {
    this.#at += count;
  }

  text(): string {
    const token = this.next('a text');
    if (token.kind !== 'text') throw new SyntaxProblem(token.line, `a text in quotes is wanted, not ${token.text}`);
    return token.text;
  }

  number(what: string): number {
    const token = this.next(what);
    const value = Number(token.text);
    if (token.kind !== 'number' || !Number.isSafeInteger(value))
      throw new SyntaxProblem(token.line, `${what} is wanted, not ${token.text}`);
    return value;
  }

  word(what: string): Token {
    const token = this.next(what);
    if (token.kind !== 'word') throw new SyntaxProblem(token.line, `${what} is wanted, not ${token.text}`);
    return token;
  }

  /** What stands there instead is left: it may begin the next definition. */
  expect(text: string, where: string): void {
    if (this.peek() !== text)
      throw new SyntaxProblem(this.#tokens[this.#at - 1]?.line ?? this.#firstLine, `${text} is missing ${where}`);
    this.#at++;
  }

  next(what: string): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxProblem(this.line, `the file ends before ${what}`);
    this.#at++;
    return token;
  }

  /** null = the end. A text in quotes is never a word of the language. */
  peek(ahead = 0): string | null {
    const token = this.#tokens[this.#at + ahead];
    return token === undefined ? null : token.kind === 'text' ? '""' : token.text;
  }

  get line(): number {
    return (this.#tokens[this.#at] ?? this.#tokens.at(-1))?.line ?? this.#firstLine;
  }

  skipTo(holds: () => boolean): void {
    while (this.#at < this.#tokens.length && !holds()) this.#at++;
  }

  skipPast(text: string): void {
    this.skipTo(() => this.peek() === text);
    this.#at++;
  }

  /** @param from -1 when the opening one has been read. */
  skipBraces(from: -1 | 0 = 0, open = '{', close = '}'): void {
    const { line } = this.#tokens[this.#at + from]!;
    let depth = from === -1 ? 1 : 0;
    do {
      const token = this.#tokens[this.#at++];
      if (token === undefined) throw new SyntaxProblem(line, `${open} has no ${close}`);
      if (token.kind !== 'sign') continue;
      if (token.text === open) depth++;
      else if (token.text === close) depth--;
    } while (depth > 0);
  }
}
