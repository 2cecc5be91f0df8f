import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlOf } from './yaml-text.js';

describe('YAML', () => {
  it('is as people write it', () =>
    expect(
      yamlOf({
        kind: 'job-unit',
        body: {
          name: '夜間 batch',
          jobs: [
            { id: 'a', status: ['normal'], hold: false, more: {} },
            { id: 'b', command: 'x\ny' },
          ],
        },
      }),
    ).toBe(
      [
        ...[
          'kind: job-unit',
          'body:',
          '  name: 夜間 batch',
          '  jobs:',
          '    - id: a',
          '      status: [normal]',
          '      hold: false',
        ],
        ...['      more: {}', '    - id: b', '      command: |-', '        x', '        y', ''],
      ].join('\n'),
    ));
  it.each([
    ...[
      '',
      ' ',
      'a ',
      'true',
      'No',
      'null',
      '~',
      '1',
      '1e3',
      '0x10',
      '2026-01-01',
      '12:30',
      '-',
      '- a',
      'a: b',
      'a #b',
      '#a',
      '&a',
      '*a',
      '!a',
      '{a',
      '[a',
      '%a',
      '@a',
      '`a',
    ],
    ...[
      '|',
      '>',
      "'",
      '"',
      '\\',
      'a\nb',
      'a\n',
      'a\n\n',
      '\na',
      ' a\nb',
      'a \nb',
      'a\n  b\n',
      'a\n\nb',
      '\t',
      'a\tb',
      'a\u0000b',
      'a\u2028b',
      '\ud800',
      '日本\n語',
      'a\r\nb',
      '---\na',
      '...\n',
      '<<',
    ],
  ])('gives %j back as it was, alone, in a list, behind a key and as one', (text) => {
    for (const value of [text, [text], [[text, { a: text }]], { a: text }, { [text]: 1 }, { a: [{ b: text, c: [text, text] }] }])
      expect(parse(yamlOf(value))).toEqual(value);
  });
  it('gives numbers, nothing and long lists back', () => {
    const value = { a: null, b: -1.5, c: Array.from({ length: 60 }, (_, at) => at), d: [], e: [[], {}], f: [[1, [2]], [[3]]] };
    expect(parse(yamlOf(value))).toEqual(value);
  });
});
