import type { MonitorRan, NotificationTested } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { CommandLine } from './testing/command-line.js';
import { type Asked, managers as managersAt, type Reply } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;
const managers = async (reply: (asked: Asked) => Reply) => await managersAt(cli, 82, reply);
const RAN: MonitorRan = {
  monitor: 'ports',
  looks: [
    {
      ...{ facility: 'web1', state: 'seen', seen: [{ item: '', value: null, why: 'connection refused' }] },
      results: [{ item: '', sub: '', priority: 'unknown', message: 'no answer\u001b[2J' }],
    },
    { facility: 'web2', state: 'maintenance', seen: [], results: [] },
  ],
};
const tested = (change: Partial<NotificationTested>): NotificationTested => ({
  ...{ id: 'TEST/on-call/1/on-call', kind: 'mail', priority: 'critical', outcome: 'sent', note: null },
  ...change,
});

describe('yosugara monitors run', () => {
  it('asks the Master for the nodes that are named, and shows what was seen of each', async () => {
    const asked = await managers(() => [200, RAN]);
    expect(await yosugara('monitors', 'run', 'ports', 'web1', 'web2', '--within', '5')).toBe(0);
    expect(asked).toMatchObject([
      { method: 'POST', path: '/api/v1/monitors/ports/runs', body: { facilities: ['web1', 'web2'], withinS: 5 } },
    ]);
    expect(cli.out).toMatch(/web1 .*no answer\\x1b\[2J/);
    expect(cli.out).toMatch(/web2 .*a maintenance window keeps monitors from looking there/);
  });
  it('is refused with the reason', async () => {
    await managers(() => [409, { code: 'REFUSED', message: 'monitor lines (syslog) does not look by itself' }]);
    expect(await yosugara('monitors', 'run', 'lines')).toBe(4);
    expect(cli.notes).toContain('does not look by itself');
  });
});

describe('yosugara notifications test', () => {
  it('is one command under a key, and says what the other side said', async () => {
    const asked = await managers(() => [200, tested({ note: '250 2.0.0 queued' })]);
    expect(await yosugara('notifications', 'test', 'on-call', '--priority', 'warning', '--node', 'web1')).toBe(0);
    expect(asked).toMatchObject([
      {
        path: '/api/v1/notifications/on-call/tests',
        headers: { 'idempotency-key': expect.stringMatching(/./) },
        body: { priority: 'warning', facility: 'web1', message: null, withinS: 15 },
      },
    ]);
    expect(cli.out).toContain('the other side has taken it: 250 2.0.0 queued');
  });
  it.each([
    ['sent', 0],
    ['stored', 0],
    ['under way', 0],
    ['again', 1],
    ['given up', 1],
  ] as const)('that is %s ends with %d', async (outcome, code) => {
    await managers(() => [200, tested({ outcome })]);
    expect(await yosugara('notifications', 'test', 'on-call')).toBe(code);
  });
});
