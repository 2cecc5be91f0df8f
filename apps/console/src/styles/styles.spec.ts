import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/*
 * Stylesheets come with the pages that need them, in the order in which pages are opened: a name that two of them give a look would look
 * one way before a page was opened, and another way after it.
 */
const SOURCES = join(import.meta.dirname, '..');
const SHEETS = ['styles.css', ...readdirSync(import.meta.dirname, { encoding: 'utf8' }).filter((name) => name.endsWith('.css'))];

/** Classes and elements that a sheet gives a look wherever they stand: the whole selector is their name. */
function named(sheet: string): readonly string[] {
  const text = readFileSync(join(SOURCES, sheet === 'styles.css' ? '' : 'styles', sheet), 'utf8');
  const rules = text
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/@[a-z]+[^{;]*\{/g, '{')
    .matchAll(/([^{}]+)\{/g);
  const selectors = [...rules].flatMap(([, list = '']) => list.split(',').map((one) => one.trim()));
  return [...new Set(selectors.filter((one) => /^\.?[a-z][\w-]*$/.test(one)))];
}

it('each class has its look from one stylesheet, and elements from that of all pages', () => {
  const sheets = SHEETS.map((sheet) => [sheet, named(sheet)] as const);
  const twice = sheets.flatMap(([sheet, names], at) =>
    sheets
      .slice(at + 1)
      .flatMap(([other, others]) => others.filter((name) => names.includes(name)).map((name) => `${name}: ${sheet}, ${other}`)),
  );
  expect(sheets.every(([, names]) => names.length > 0)).toBe(true);
  expect(twice).toEqual([]);
  const later = sheets.filter(([sheet]) => sheet !== 'styles.css');
  expect(later.flatMap(([, names]) => names.filter((name) => !name.startsWith('.')))).toEqual([]);
});
