import type { MessageRow } from '@yosugara/protocol';
import { expect, it } from 'vitest';
import { renderMessages } from './messages.js';

const row = (change: Partial<MessageRow>): MessageRow => ({
  ...{ id: '1.a-1-1.1', receivedAt: '2026-11-21T12:00:00.000002Z', source: '10.0.0.1', kind: 'syslog', severity: 'info' },
  ...{ host: 'h', app: 'app', text: 'text', seenBy: ['a'] },
  ...change,
});

it('a row says of its text that it came late, and that its end is missing', () => {
  const lines = renderMessages([row({}), row({ cut: true }), row({ storedLate: true, cut: true })], false)
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => /a\s+(\[.*)?text$/.exec(line)?.[1] ?? '')).toEqual(['', '[cut] ', '[late] [cut] ']);
});
