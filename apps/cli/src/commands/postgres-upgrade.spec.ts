import { type ClusterRecord, EMPTY_RECORD } from '@yosugara/failover';
import { nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { whyNotHere } from './postgres-upgrade.js';

const [a, b] = [nodeId('a'), nodeId('b')];
const record = (more: Partial<ClusterRecord>): ClusterRecord => ({
  ...EMPTY_RECORD,
  ...{ owner: a, phase: 'serving', syncSet: [a] },
  ...more,
});

describe('where PostgreSQL is upgraded to another major version', () => {
  it('is the node that was Master alone', () => expect(whyNotHere('a', record({}))).toBeNull());
  it('is no other', () => expect(whyNotHere('b', record({}))).toContain('run this on a'));
  it('is no node after which another one could have taken over', () =>
    expect(whyNotHere('a', record({ syncSet: [a, b] }))).toContain('b may have taken over'));
  it('is no node that had not opened yet', () => expect(whyNotHere('a', record({ phase: 'promoting' }))).not.toBeNull());
});
