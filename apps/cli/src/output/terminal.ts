import { stripVTControlCharacters } from 'node:util';
import { askPerson } from './ask.js';

/** Where a command writes: `out` for answers, `note` for progress and remarks, so that `--json` stays one document. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly note: (text: string) => void;
  /** People watch: colours and a progress line that is drawn over. */
  readonly color: boolean;
  readonly live: boolean;
  /** What `out` writes goes to a terminal that can be wiped. */
  readonly screen?: boolean;
  readonly columns: number;
  /** Asks whoever sits there; not there: nobody does. */
  readonly ask?: (question: string, isSecret: boolean) => Promise<string>;
}

export function processTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(text),
    // https://no-color.org
    color: process.stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    live: process.stderr.isTTY === true && env['TERM'] !== 'dumb',
    screen: process.stdout.isTTY === true && env['TERM'] !== 'dumb',
    columns: process.stdout.columns ?? 100,
    ...(process.stdin.isTTY === true && process.stderr.isTTY === true ? { ask: askPerson } : {}),
  };
}

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;
export type Paint = (text: string, style: keyof typeof CODES) => string;
export const painter = (terminal: Terminal): Paint =>
  terminal.color ? (text, style) => `\x1b[${CODES[style]}m${text}\x1b[0m` : (text) => text;

/** What takes two cells of a terminal: Chinese, Japanese and Korean characters, and pictures (Unicode, UAX #11: W and F). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const cellsOf = (character: string): number => (/\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1);
const width = (text: string) => [...stripVTControlCharacters(text)].reduce((sum, character) => sum + cellsOf(character), 0);

/** Each line no wider than the terminal: one that wraps would shift a picture that is drawn over. Colours end as they did. */
export const clip = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => (width(line) <= columns ? line : clipLine(line, columns)))
    .join('\n');

function clipLine(line: string, columns: number): string {
  let left = columns - 1;
  return [...line.matchAll(/(\u001b\[[0-9;]*m)|./gu)]
    .map(([part, code]) => {
      if (code !== undefined) return part;
      const fits = left >= 0;
      left -= cellsOf(part);
      return left >= 0 ? part : fits ? '…' : '';
    })
    .join('');
}

/** Columns as wide as their longest cell; the last one is not padded. Cells may be painted. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

/** What came from outside may hold escape sequences; on a terminal they would be commands to it. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (control) =>
    control === '\t' ? ' ' : `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** A progress line that is drawn over on a terminal; elsewhere one line for each change. */
export class Progress {
  readonly #terminal: Terminal;
  #last = '';
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * @param fraction 0..1, null when unknown.
   * @param numbers what changes all the time, such as bytes: for those who watch only.
   */
  show(text: string, fraction: number | null, numbers = ''): void {
    if (this.#terminal.live) {
      const all = numbers === '' ? text : `${text}  ${numbers}`;
      const line = fraction === null ? all : `${bar(fraction)} ${all}`;
      this.#terminal.note(`\r\x1b[K${line.slice(0, this.#terminal.columns - 1)}`);
    } else if (text !== this.#last) this.#terminal.note(`${text}\n`);
    this.#last = text;
  }

  end(): void {
    if (this.#terminal.live && this.#last !== '') this.#terminal.note('\r\x1b[K');
  }
}

const BAR_CELLS = 24;
function bar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_CELLS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}] ${String(Math.round(fraction * 100)).padStart(3)} %`;
}

/** Such as `0.4 s`, `12 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export function bytes(count: number | null): string {
  if (count === null) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = count < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  return `${power === 0 ? count : (count / 1024 ** power).toFixed(1)} ${units[power]}`;
}
