import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALARM_CODES } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../manager/src/http/error-codes.js';
import { codesIn, ERROR_TEXTS, errorPage, TWICE } from './errors/page.js';

const ROOT = join(import.meta.dirname, '../../../..');
const PAGE = join(ROOT, 'docs/error-codes.md');
/** The console shows codes of others, and has two of its own that are no answer of anybody. */
const LEFT = ['apps/console', 'libs/testkit'];

function* sources(): Generator<readonly [string, string]> {
  for (const top of ['libs', 'apps'])
    for (const project of readdirSync(join(ROOT, top))) {
      if (LEFT.includes(`${top}/${project}`)) continue;
      const folder = join(ROOT, top, project, 'src');
      for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const isSource = entry.endsWith('.ts') && !entry.endsWith('.spec.ts') && !/(^|\/)(testing|help\/errors)\//.test(entry);
        if (isSource) yield [`${top}/${project}/src/${entry}`, readFileSync(join(folder, entry), 'utf8')];
      }
    }
}

const api: Readonly<Record<string, readonly [number, string]>> = ERROR_CODES;
const alarms: ReadonlySet<string> = new Set(ALARM_CODES);
const found = codesIn(sources());

describe('the codes of errors', () => {
  it('are found wherever an error gets one', () => {
    const text = `
      new YosugaraError('ONE_A', \`x\`); super('ONE_B', y); readonly code = 'ONE_C'; { code: 'ONE_D' }
      throw new RestoreError(isGone ? 'ONE_E' : 'ONE_F', why); no(403, 'ONE_G', z); export type SomeCode = 'ONE_H' | 'ONE_I';
      new InvalidInputError('PLACE', found, allowed);`;
    const expected = ['ONE_A', 'ONE_B', 'ONE_C', 'ONE_D', 'ONE_E', 'ONE_F', 'ONE_G', 'ONE_H', 'ONE_I'];
    expect(codesIn([['libs/x/src/y.ts', text]])).toEqual(expected.map((code) => ({ code, from: ['libs/x'] })));
    expect(found.length).toBeGreaterThan(180);
  });
  it('each have a line that says what they mean and what to do, or are those of an alarm, or of the API', () =>
    expect(
      found.map(({ code }) => code).filter((code) => ERROR_TEXTS[code] === undefined && !alarms.has(code) && !(code in api)),
    ).toEqual([]));
  it('are all of something that there is, each once', () => {
    const there = new Set(found.map(({ code }) => code));
    expect(Object.keys(ERROR_TEXTS).filter((code) => !there.has(code))).toEqual([]);
    expect(TWICE).toEqual([]);
  });
  it('are docs/error-codes.md: YOSUGARA_WRITE_DOCS=1 npx vitest run apps/cli/src/help', () => {
    // What the API refuses with by its filter's table alone comes from the manager, too.
    const known = new Set(found.map(({ code }) => code));
    const rest = Object.keys(api)
      .filter((code) => !known.has(code))
      .map((code) => ({ code, from: ['apps/manager'] }));
    const all = [...found, ...rest].sort((one, other) => (one.code < other.code ? -1 : 1));
    const text = errorPage(all, alarms, api);
    if (process.env['YOSUGARA_WRITE_DOCS'] === '1') writeFileSync(PAGE, text);
    expect(readFileSync(PAGE, 'utf8') === text, 'docs/error-codes.md is as the sources are').toBe(true);
  });
});
