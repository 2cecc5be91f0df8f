import { describe, expect, it } from 'vitest';
import { blocksOf } from './markdown-model.js';

const lineOf = (text: string) => {
  const [block] = blocksOf(text);
  return block?.kind === 'paragraph' ? block.lines[0] : block;
};

describe('the text of a dashboard', () => {
  it('has headings, paragraphs, lists, code and rules', () => {
    expect(
      blocksOf('# On call\nfirst\nsecond\n\n- one\n- two\n1. three\n---\n```\n<b>\n```\nend').map(({ kind }) => kind),
    ).toEqual([...['heading', 'paragraph', 'list', 'list', 'rule', 'code', 'paragraph']]);
    expect(blocksOf('```\nleft open')).toEqual([{ kind: 'code', text: 'left open' }]);
  });
  it('has words that stand out, and links', () => {
    expect(lineOf('call **now** `x*y` or *later*: [list](/events?priority=critical) [wiki](https://wiki.example.org/)')).toEqual([
      { kind: 'text', text: 'call ' },
      { kind: 'strong', text: 'now' },
      { kind: 'text', text: ' ' },
      { kind: 'code', text: 'x*y' },
      { kind: 'text', text: ' or ' },
      { kind: 'emphasis', text: 'later' },
      { kind: 'text', text: ': ' },
      { kind: 'link', text: 'list', to: '/events?priority=critical', isOurs: true },
      { kind: 'text', text: ' ' },
      { kind: 'link', text: 'wiki', to: 'https://wiki.example.org/', isOurs: false },
    ]);
  });
  it.each([
    '<script>alert(1)</script>',
    '[x](javascript:alert(1))',
    '[x](//evil.example.org)',
    '[x](/\\evil.example.org)',
    '[x](data:text/html,x)',
    'two * stars ** left `open [and](',
  ])('leaves %s as it is', (text) => expect(lineOf(text)).toEqual([{ kind: 'text', text }]));
  it('takes no longer for what is meant to take long', () => {
    const hostile = ['[', '*', '**', '`', '[x](', '[](', '- ', '*a', '`a', '```\n', '```\nx\n'];
    const before = process.cpuUsage();
    for (const text of hostile.map((each) => each.repeat(150_000))) blocksOf(text);
    const { user, system } = process.cpuUsage(before);
    // Many times what a text may hold: by its square it takes minutes. Of the processor: others may have it meanwhile.
    expect((user + system) / 1_000).toBeLessThan(15_000);
  });
});
