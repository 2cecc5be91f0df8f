import type { JobInSession } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { openJobs, toneOf } from './job-model.js';

const job = (id: string, parent = ''): JobInSession => ({
  ...{ job: id, parent, name: '', type: 'command', depth: 1, state: 'running', endStatus: null, endValue: null },
  ...{
    startedAt: null,
    endedAt: null,
    attempt: 1,
    why: '',
    notBefore: null,
    waitsFor: [],
    queue: null,
    nodes: {},
    operations: [],
  },
});

describe('jobs in jobnets', () => {
  const jobs = [job('net'), job('deep', 'net'), job('inner', 'deep'), job('last')];
  const shown = (...folded: string[]) => openJobs(jobs, new Set(folded)).map(({ job: id }) => id);
  it('are hidden with all that is in them when one is folded', () => {
    expect(shown()).toEqual(['net', 'deep', 'inner', 'last']);
    expect(shown('net')).toEqual(['net', 'last']);
    expect(shown('deep')).toEqual(['net', 'deep', 'last']);
  });
});

it.each([
  ['ended', 'normal', 'good'],
  ['ended-unmatched', 'abnormal', 'bad'],
  ['modified', 'warning', 'look'],
  ['running', null, 'busy'],
  ['waiting', null, 'calm'],
  ['held', null, 'look'],
  ['error', null, 'look'],
] as const)('%s, %s is %s', (state, endStatus, tone) => expect(toneOf({ state, endStatus })).toBe(tone));
