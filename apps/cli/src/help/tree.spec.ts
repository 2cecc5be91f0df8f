import { expect, describe as group, it } from 'vitest';
import { programOf } from '../program.js';
import { describe, EXAMPLED, running } from './describe.js';
import { wordsOf } from './words.js';

const terminal = { out: () => undefined, note: () => undefined, color: false, live: false, columns: 100 };
const around = { terminal, env: {}, cwd: '/', stop: new AbortController().signal };
const tree = describe(programOf(around).program);
const verbs = running(tree);
const nameOf = ({ path }: { readonly path: readonly string[] }) => path.join(' ');

/** They print what is no document: lines, scripts or files. */
const WITHOUT_JSON = new Set(['completion', 'forming']);

group('every verb', () => {
  it('is there', () => expect(verbs.length).toBeGreaterThan(100));
  it.each(verbs.map((verb) => [nameOf(verb), verb] as const))(
    '%s says what it does, with what, and how it ends',
    (name, verb) => {
      expect(verb.description, 'its description').toMatch(/^\S.{9,}[^.\s]$/);
      for (const { names, description } of verb.options) expect(description, `${name} ${names}`).not.toBe('');
      for (const { name: argument, description } of verb.arguments) expect(description, `${name} <${argument}>`).not.toBe('');
      expect(verb.examples, 'examples of it').not.toEqual([]);
      expect(verb.exits.map(([code]) => code)).toEqual(expect.arrayContaining(['0', '1', '2', '4']));
    },
  );
  it('that prints something prints it for programs, too', () => {
    const without = verbs.filter(({ options }) => !options.some(({ names }) => names.includes('--json'))).map(nameOf);
    expect(without.filter((name) => !WITHOUT_JSON.has(name))).toEqual([]);
  });
  it('takes no secret from the command line', () => {
    const taken = verbs.flatMap((verb) => verb.options.map(({ names, takes }) => `${nameOf(verb)} ${names.at(-1)} ${takes}`));
    expect(taken.filter((text) => /--(password|secret|code|token|key)\b(?!-file)/.test(text) && !text.endsWith('file'))).toEqual(
      [],
    );
  });
});

group('every example', () => {
  it('is of a verb that there is', () =>
    expect(EXAMPLED.filter((name) => !verbs.some((verb) => nameOf(verb) === name))).toEqual([]));
  it.each(verbs.flatMap(({ examples }) => examples.map((example) => [example])))(
    'yosugara %s is a command line',
    async (example) => {
      const notes: string[] = [];
      const { program } = programOf(
        { ...around, terminal: { ...terminal, note: (text: string) => void notes.push(text) } },
        true,
      );
      await program.parseAsync([...wordsOf(example)], { from: 'user' }).catch(() => undefined);
      expect(notes).toEqual([]);
    },
  );
  it('belongs to the verb that it calls', () => {
    for (const { path, aliases, examples } of verbs)
      for (const example of examples) {
        const called = wordsOf(example).slice(0, path.length).join(' ');
        expect([path.join(' '), ...aliases.map((alias) => [...path.slice(0, -1), alias].join(' '))]).toContain(called);
      }
  });
});
