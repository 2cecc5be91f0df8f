import { describe, expect, it } from 'vitest';
import type { SeenEvent } from './seen-events.js';
import { seenPage } from './seen-page.js';
import { ANY, watch } from './stand.js';
import { STANDS, standsOf } from './stands.js';

const event = (number: number, second: number, priority: string, message: string): SeenEvent => ({
  ...{ number, monitor: 'port-tcp', plugin: 'port', facility: 'watched', item: '', priority, message },
  ...{ at: `2026-11-22T03:00:${second}.000Z`, storedAt: `2026-11-22T03:00:${second}.500Z` },
});
const seen = {
  watched: watch('port-tcp', 'nginx', 'nginx', { type: 'port', check: { service: 'tcp', port: 80 }, numeric: ANY }),
  ...{
    version: '1.22.1',
    intervalS: 10,
    downMs: Date.parse('2026-11-22T03:00:20Z'),
    againMs: Date.parse('2026-11-22T03:00:40Z'),
  },
  up: event(1, 10, 'info', 'Response time: 1 ms'),
  down: event(2, 26, 'unknown', 'Response time: connection | refused'),
  again: event(3, 47, 'info', 'Response time: 2 ms'),
};
const page = seenPage([seen], { commit: 'abc', at: '2026-11-22 03:00', load: 'load 1.0 on 2 cores' });

describe('the page of what monitors saw', () => {
  it('has a row of each with what it looks at, what the setting promises and what was seen', () =>
    expect(page).toContain(
      '| port | port-tcp | nginx | nginx 1.22.1 | 10 s | 5 s | info: Response time: 1 ms | unknown: Response time: connection \\| refused | 6.5 s | info: Response time: 2 ms | 7.5 s |',
    ));
  it('has the events as JSON, with the moments between them', () => {
    const [one] = JSON.parse(/```json\n([\s\S]*)```/.exec(page)![1]!) as readonly object[];
    expect(one).toMatchObject({
      ...{ type: 'port', counterpart: 'nginx', package: 'nginx', version: '1.22.1', intervalS: 10 },
      ...{
        up: seen.up,
        endedAt: '2026-11-22T03:00:20.000Z',
        down: seen.down,
        begunAgainAt: '2026-11-22T03:00:40.000Z',
        again: seen.again,
      },
    });
  });
});

describe('what monitors look at', () => {
  it('can be tried in parts', () => {
    expect(standsOf([])).toBe(STANDS);
    expect(standsOf(['curl', 'nginx']).map(({ name }) => name)).toEqual(['nginx', 'curl']);
    expect(() => standsOf(['iis'])).toThrow(/--only: found "iis", allowed is nginx, /);
  });
  it('has a name of its own each', () => expect(new Set(STANDS.map(({ name }) => name)).size).toBe(STANDS.length));
});
