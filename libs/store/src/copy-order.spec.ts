import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hostByHost } from './copy-order.js';

type Row = Parameters<typeof hostByHost>[0][number];
const word = fc.constantFrom('a', 'b', 'c');
const rows = fc
  .array(fc.record({ host: fc.option(word), source: word }), { maxLength: 40 })
  .map((all) => all.map((row, seq) => ({ ...row, seq }) as unknown as Row));
const nameOf = ({ host, source }: Row) => host ?? source;
const seqs = (all: readonly Row[]) => all.map(({ seq }) => seq);

it('rows are stored host by host, of those without a name source by source: none is left out, and those of one stay in their order', () => {
  fc.assert(
    fc.property(rows, (before) => {
      const after = hostByHost(before);
      expect([...seqs(after)].sort((one, two) => one - two)).toEqual(seqs(before));
      const names = after.map(nameOf);
      const runs = names.filter((name, at) => name !== names[at - 1]);
      expect(new Set(runs).size).toBe(runs.length);
      for (const name of runs)
        expect(seqs(after.filter((row) => nameOf(row) === name))).toEqual(seqs(before.filter((row) => nameOf(row) === name)));
    }),
  );
});
