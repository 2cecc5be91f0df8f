import type { Rehearsal } from '@yosugara/host-control/backup';
import { describe, expect, it } from 'vitest';
import { copyHere, renderRehearsal } from './dr-drill.js';

const done: Rehearsal = {
  ...{ databaseBytes: 3_000_000, copySeconds: 4.2, promoteSeconds: 1.1, lsn: '0/3A1F2B8', timeline: 2 },
  committedAt: '2026-11-22T12:00:00.000Z',
  tables: [
    { name: 'public.message', rows: 500 },
    { name: 'public.audit', rows: 0 },
  ],
  before: { replayed: '0/3A00000', isStreaming: true },
  after: { replayed: '0/3B00000', isStreaming: true },
};
const says = (change: Partial<Rehearsal> = {}) =>
  renderRehearsal({ ...done, ...change }, Date.parse('2026-11-22T12:00:07Z'), (text) => text);

describe('a rehearsed promotion', () => {
  it('tells how far the fork went, how old that was, its rows, and that the copy follows on', () => {
    expect(says()).toContain('in 4.2 s, promoted where nobody reaches it in 1.1 s, up to 0/3A1F2B8');
    expect(says()).toContain('newest commit in it: 2026-11-22T12:00:00.000Z, 7 s ago');
    expect(says()).toMatch(/^public\.message +500$/m);
    expect(says()).toContain('1 tables are empty');
    expect(says()).toContain('the copy itself follows on: from 0/3A00000 to 0/3B00000');
  });
  it('tells when the copy itself does not', () => {
    expect(says({ after: { replayed: '0/3A00000', isStreaming: false } })).toContain(
      'the copy itself does not follow: at 0/3A00000',
    );
    expect(says({ committedAt: null })).toContain('nothing was committed since it began');
  });
  it('is done where the copy is, and nowhere else', () =>
    expect(() => copyHere([])).toThrow('no DR member is on this host: the drill is done where the copy is'));
});
