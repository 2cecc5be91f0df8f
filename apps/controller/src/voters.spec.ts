import type { Entry, Member, Restored } from '@yosugara/consensus';
import { nodeId } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { expect, it } from 'vitest';
import { demandVoters } from './voters.js';

const members = (...ids: readonly string[]): Member[] => ids.map((id) => ({ id: nodeId(id), kind: 'data', voter: true }));
const config = (...ids: readonly string[]) =>
  ({ node: 'a', cluster: { members: ids.map((id) => ({ id })) } }) as unknown as Pick<NodeConfig, 'cluster' | 'node'>;
const log = (snapshot: readonly Member[] | null, ...changes: readonly (readonly Member[])[]): Restored => ({
  hardState: { term: 3, votedFor: null },
  snapshot: snapshot === null ? null : { index: 5, term: 2, members: snapshot, state: null },
  entries: changes.map((each, at): Entry => ({ index: 6 + at, term: 3, payload: { kind: 'members', members: each } })),
});

it.each([
  ['taken out of the file', log(members('a', 'b', 'w'))],
  ['that came in since the snapshot', log(members('a', 'b'), members('a', 'b', 'w'))],
])('a controller does not start without a voter of its log: %s', (_, restored) =>
  expect(() => demandVoters(restored, config('a', 'b'))).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('found a, b, allowed is this with w') }),
  ),
);
it.each([
  ['a new member that is no voter yet', log(members('a', 'b')), config('a', 'b', 'w')],
  ['a log that says nothing of members', log(null), config('a', 'b')],
  ['a learner that was taken out', log([...members('a', 'b'), { ...members('d')[0]!, voter: false }]), config('a', 'b')],
  ['a voter that left before the file was changed', log(members('a', 'b', 'w'), members('a', 'b')), config('a', 'b')],
])('it starts with %s', (_, restored, file) => expect(() => demandVoters(restored, file)).not.toThrow());
