import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';
import { RUNBOOK_LANGUAGES, type RunbookLanguage, runbookPath } from '@yosugara/protocol';
import type { Paint } from '../output/terminal.js';

/** Of the sources, or of the package: the pages lie beside the programs, so that they are there when nothing else answers. */
const HOME = join(import.meta.dirname, '../../../..');

export interface Runbook {
  readonly code: string;
  readonly language: RunbookLanguage;
  readonly title: string;
  readonly path: string;
  readonly text: string;
}

export class NoRunbookError extends YosugaraError {
  constructor(code: string, known: readonly string[]) {
    const like = known.filter((each) => each.toLowerCase().includes(code.toLowerCase()));
    const hint = like.length > 0 ? `did you mean ${like.join(', ')}?` : '`yosugara runbook` lists them all';
    super('NO_RUNBOOK', `there is no runbook ${code}; ${hint}`);
  }
}

/** As gettext chooses: the first of these that says anything. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): RunbookLanguage {
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((value) => value !== undefined && value !== '') ?? '';
  return RUNBOOK_LANGUAGES.find((language) => language === locale.split(/[_.@]/)[0]?.toLowerCase()) ?? 'en';
}

/** Codes of alarms, then what is watched. */
export function runbookCodes(home: string = HOME): readonly string[] {
  const pages = readdirSync(join(home, 'docs/runbooks')).filter((name) => name.endsWith('.md') && name !== 'README.md');
  const isAlarm = (code: string) => code === code.toUpperCase();
  return pages
    .map((name) => name.slice(0, -'.md'.length))
    .sort((one, other) => Number(isAlarm(other)) - Number(isAlarm(one)) || (one < other ? -1 : 1));
}

/** @throws NoRunbookError — nothing is called so. */
export function readRunbook(code: string, language: RunbookLanguage, home: string = HOME): Runbook {
  const known = runbookCodes(home);
  // Whoever types it at night types it in any case.
  const found = known.find((each) => each === code) ?? known.find((each) => each.toLowerCase() === code.toLowerCase());
  if (found === undefined) return lineOfError(code, home) ?? refuse(code, known);
  const path = runbookPath(found, language);
  const text = readFileSync(join(home, path), 'utf8');
  const title = /^# (?:\S+: )?(.*)$/m.exec(text)?.[1] ?? found;
  return { code: found, language, title, path, text };
}

const refuse = (code: string, known: readonly string[]): never => {
  throw new NoRunbookError(code, known);
};

const ERRORS = 'docs/error-codes.md';

/** An error that is no alarm has a line in the list of all of them. */
function lineOfError(asked: string, home: string): Runbook | null {
  const code = asked.toUpperCase();
  if (!existsSync(join(home, ERRORS))) return null;
  const line = readFileSync(join(home, ERRORS), 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`| \`${code}\` |`));
  const [, means = '', todo = '', from = ''] = line?.split(' | ') ?? [];
  if (line === undefined) return null;
  const text = [`# ${code}: ${means}`, `What to do: ${todo}`, `Comes from: ${from.replace(/ \|$/, '')}`].join('\n\n');
  return { code, language: 'en', title: means, path: ERRORS, text };
}

/** For a terminal: what is a heading is bold, what only a browser needs is left out. */
export function renderRunbook(text: string, paint: Paint): string {
  return text
    .split('\n')
    .filter((line) => !/^\|[ |-]*\|$/.test(line))
    .map((line) => {
      const heading = /^#+ (.*)$/.exec(line)?.[1];
      if (heading !== undefined) return paint(heading, 'bold');
      const cells = /^\| (.*) \|$/.exec(line)?.[1]?.split(' | ');
      const plain = cells === undefined ? line : cells.join(': ');
      return plain.replace(/\[([^\]]*)\]\(([^)]*)\)/g, (_, says: string, to: string) => linked(says, to)).replaceAll('**', '');
    })
    .filter((line) => !/^ *```/.test(line))
    .join('\n')
    .trim();
}

/** Another runbook is called by its code; of other pages the place is told. */
function linked(says: string, to: string): string {
  const code = /^([\w-]+)\.md$/.exec(to)?.[1];
  return code === undefined || code === 'README' ? `${says} (docs/${to.replace(/^(\.\.\/)+/, '')})` : says;
}
