import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileMibs } from '../mib/index.js';
import { RESULT_TRAP_OID, trapVarbinds } from './index.js';
import { toldOf } from './testing/samples.js';

const FILE = new URL('../../../../docs/mibs/YOSUGARA-MIB.txt', import.meta.url);

describe('the MIB of our traps', () => {
  const { nodes, problems } = compileMibs([{ name: 'YOSUGARA-MIB', text: readFileSync(FILE, 'utf8') }]);
  const nameOf = (oid: string) => nodes.find((node) => node.oid === oid)?.name;
  it('is understood whole', () => expect(problems).toEqual([]));
  it('names the trap, and each of its objects in their order', () => {
    const sent = trapVarbinds({ kind: 'trap', message: 'm', scope: 's', timeoutMs: 1_000 }, toldOf());
    expect(nameOf(RESULT_TRAP_OID)).toBe('yosugaraResult');
    expect(sent.map(({ oid }) => nameOf(oid.replace(/\.0$/, '')))).toEqual(
      nodes.find(({ name }) => name === 'yosugaraResult')?.objects,
    );
  });
});
