import type { IngestSummary } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { renderIngest } from './ingest-status.js';

const range = { from: '2026-11-21T10:00:00.000Z', to: '2026-11-21T11:00:00.000Z', countedSince: '2026-11-20T00:00:00.000Z' };
const summary: IngestSummary = {
  ...range,
  ...{ answeredBy: 'a', mode: 'active', epoch: 3, behind: 5, minutes: [] },
  total: { received: { a: 100, b: 90 }, matched: 90, onlyAt: { a: 10, b: 0 }, unpaired: { a: 0, b: 0 } },
  receivers: [
    {
      node: 'a',
      state: {
        ...{
          since: '2026-11-21T09:00:00.000Z',
          received: 100,
          journalBytes: 2_048,
          behindPeer: 0,
          peerLink: 'down',
          kernelDrops: 4,
        },
        ...{ journalFull: 0, journalBacklog: null, refused: { rate: 3 }, sourcesLeftOut: 0 },
        listenersAway: [
          { protocol: 'tcp', address: '10.0.0.9', port: 514, listener: 'vip', why: 'another program does', forSeconds: 12.3 },
        ],
        listeners: [
          {
            ...{
              protocol: 'udp',
              address: '10.0.0.1',
              port: 514,
              listener: 'own',
              since: null,
              received: 103,
              refused: { rate: 3 },
            },
            ...{ connections: 0, kernelDrops: 4 },
          },
        ],
      },
    },
    { node: 'b', state: null },
  ],
};
const sources = {
  ...range,
  ...{ nodes: ['a', 'b'], more: 2 },
  sources: [
    {
      ...{ source: '10.0.0.7', received: { a: 100, b: 90 }, matched: 90, onlyAt: { a: 10, b: 0 }, unpaired: {}, oneSided: 0.1 },
      atReceiver: { a: { since: null, received: 100, refused: { rate: 3 }, slowed: 0, cut: 1 } },
    },
  ],
};

describe('ingest status', () => {
  it('says what came where, what a receiver lost, and which source is one-sided', () => {
    const text = renderIngest({ summary, sources }, (each, style) =>
      style === 'yellow' || style === 'red' ? `*${each}*` : each,
    );
    const lines = text.split('\n').map((line) => line.replace(/ +/g, ' '));
    expect(lines[0]).toContain('90 messages at both nodes, 10 only at a, 0 only at b');
    expect(lines[1]).toBe('answered by a (active, 5 records not stored yet)');
    expect(text).toContain('*4 dropped by the kernel*, *3 refused: rate*');
    expect(text).toContain('*its peer does not take the copy*');
    expect(text).toContain('*tcp 10.0.0.9:514 not open for 12 s: another program does*');
    expect(lines).toContain(' udp 10.0.0.1:514 own 103 rate 3 4');
    expect(lines).toContain('Receiver of b: *not heard*');
    expect(lines).toContain('SOURCE AT a AT b AT BOTH ONLY AT a ONLY AT b ONE-SIDED NOT COMPARED REFUSED');
    expect(lines).toContain('10.0.0.7 100 90 90 10 0 *10.0 %* 0 a: rate 3, cut 1');
    expect(lines.at(-1)).toBe('and 2 more sources: --limit');
    expect(text).not.toContain('owed');
  });
  it('says which records are owed by the other node, and which neither has any more', () => {
    const stretch = { journalId: 'b-1', node: 'b', from: 5, through: 16 };
    const at = range.from;
    const owed = { records: 10, stretches: [{ ...stretch, left: 10 }] };
    const lost = {
      ...{ since: at, records: 600 },
      stretches: Array.from({ length: 7 }, (_, index) => ({ ...stretch, from: index, at, why: 'x' })),
    };
    const painted = (missing: IngestSummary['missing']) =>
      renderIngest({ summary: { ...summary, ...(missing === undefined ? {} : { missing }) }, sources }, (each, style) =>
        style === undefined ? each : `${style}(${each})`,
      );
    const text = painted({ owed, lost });
    expect(text).toContain('yellow(10 records are owed): the other node may have them and could not be asked');
    expect(text).toContain('red(600 records are lost): neither node has them any more');
    expect(text).toContain('  b-1:5 … 16\n');
    expect(text.match(/b-1:/g)).toHaveLength(6);
    expect(text).toContain('and more: GET /api/v1/ingest/summary');
    const nothing = { owed: { records: 0, stretches: [] }, lost: null };
    expect(painted(nothing)).toBe(painted(undefined));
  });
});
