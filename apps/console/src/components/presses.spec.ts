import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Presses } from './presses.js';

describe('a button that was pressed', () => {
  it('is not pressed again by the second click of a double click, whether the first was answered or not', () => {
    const presses = new Presses();
    const end = presses.begin(undefined, false);
    expect(end).not.toBeNull();
    expect(presses.begin(undefined, true)).toBeNull();
    end?.();
    expect(presses.begin(undefined, true)).toBeNull();
  });
  it('is not pressed by the second click on what stood there before it', () =>
    expect(new Presses().begin('really delete', true)).toBeNull());
  it('is not pressed again while it is under way, and anew right after the answer', () => {
    const presses = new Presses();
    const end = presses.begin('restart', false);
    expect(presses.begin('restart', false)).toBeNull();
    end?.();
    expect(presses.begin('restart', false)).not.toBeNull();
  });
  it('does not stand in the way of what is asked for of another', () => {
    const presses = new Presses();
    presses.begin({ id: 'a', enabled: false }, false);
    expect(presses.begin({ id: 'b', enabled: false }, false)).not.toBeNull();
    presses.begin([new File(['x'], 'a.mib')], false);
    expect(presses.begin([new File(['x'], 'b.mib')], false)).not.toBeNull();
  });
});

it('whatever the console commands goes by useCommand, which knows one press from two', () => {
  const sources = join(import.meta.dirname, '..');
  const files = readdirSync(sources, { encoding: 'utf8', recursive: true }).filter((name) => /\.tsx?$/.test(name));
  const without = files.filter((name) => /\buseMutation\b/.test(readFileSync(join(sources, name), 'utf8')));
  expect(without.filter((name) => !name.endsWith('.spec.ts'))).toEqual([join('components', 'use-command.ts')]);
});
