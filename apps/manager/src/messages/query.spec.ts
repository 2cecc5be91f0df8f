import type { MessageRow } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { MessagesQuerySchema, messageQuery, StreamQuerySchema, wanted } from './query.js';

const line: MessageRow = {
  ...{ id: '1.a-1-1.1', receivedAt: '2026-11-21T10:00:00.000000Z', source: '10.0.0.1', kind: 'syslog', severity: 'warning' },
  ...{
    facility: 'auth',
    host: 'h',
    app: 'sshd',
    text: 'Login of Bob',
    seenBy: ['a'],
    procId: '7',
    msgId: null,
    transport: 'relp',
  },
  ...{ structured: { 'exampleSDID@32473': { iut: '3', many: ['x', 'y'] }, 'junos@2636.1': { user: 'ops' } }, varbinds: null },
  parseReason: 'no_pri,not_utf8',
};
const trap: MessageRow = {
  ...{
    id: '2.a-1-1.2',
    receivedAt: line.receivedAt,
    source: '10.0.0.2',
    kind: 'trap',
    severity: null,
    facility: null,
    host: null,
  },
  ...{ app: '1.3.6.1.6.3.1.1.5.3', text: 'linkDown', seenBy: ['a', 'b'] },
  varbinds: [{ oid: '1.3.6.1.2.1.2.2.1.1.5', type: 'Integer', value: '5' }],
};

describe('the filter of the live tail', () => {
  it.each<[Record<string, unknown>, boolean, boolean]>([
    [{}, true, true],
    [{ app: 'sshd' }, true, false],
    [{ proc: '7' }, true, false],
    [{ facility: 'auth' }, true, false],
    [{ facility: 'kern' }, false, false],
    [{ severity: 'info' }, true, false],
    [{ transport: 'relp' }, true, false],
    [{ onlyAt: 'a' }, true, false],
    [{ onlyAt: 'b' }, false, false],
    [{ reason: 'any' }, true, false],
    [{ reason: 'not_utf8' }, true, false],
    [{ reason: 'utf8' }, false, false],
    [{ source: '10.0.0.0/31' }, true, false],
    [{ sd: 'exampleSDID@32473.iut=3' }, true, false],
    [{ sd: 'exampleSDID@32473.iut=4' }, false, false],
    [{ sd: ['sd.exampleSDID@32473.iut', 'exampleSDID@32473.many=y'] }, true, false],
    [{ sd: ['exampleSDID@32473.iut', 'exampleSDID@32473.none'] }, false, false],
    [{ sd: 'junos@2636.1.user=ops' }, true, false],
    [{ sd: 'constructor.name' }, false, false],
    [{ varbind: '1.3.6.1.2.1.2.2.1.1' }, false, true],
    [{ varbind: '.1.3.6.1.2.1.2.2=5' }, false, true],
    [{ varbind: '=5' }, false, true],
    [{ varbind: '1.3.6.1.2.1.2.2.1.1=6' }, false, false],
    [{ varbind: '1.3.6.1.2.1.2.2.1.1.5.0' }, false, false],
    [{ varbind: '1.3.6.1.2.1.2.2.1' }, false, true],
    [{ varbind: '1.3.6.1.2.1.2.2.1.1', onlyAt: 'a' }, false, false],
  ])('%j: the line %s, the trap %s', (filter, forLine, forTrap) => {
    const isWanted = wanted(StreamQuerySchema.parse(filter));
    expect([isWanted(line), isWanted(trap)]).toEqual([forLine, forTrap]);
  });
});

describe('names in a search', () => {
  const names = {
    varbindTerm: (term: string) => term.replace('ifIndex', '1.3.6.1.2.1.2.2.1.1'),
    trapOids: (trap: string) => (trap === 'linkDown' ? ['1.3.6.1.6.3.1.1.5.3'] : []),
  };
  it('become OIDs before the database is asked', () =>
    expect(messageQuery(MessagesQuerySchema.parse({ varbind: 'ifIndex=5', trap: 'linkDown' }), 0, names)).toMatchObject({
      ...{ varbind: ['1.3.6.1.2.1.2.2.1.1=5'], traps: ['1.3.6.1.6.3.1.1.5.3'] },
    }));
  it.each<[Record<string, unknown>, boolean]>([
    [{ varbind: 'ifIndex=5' }, true],
    [{ varbind: 'ifIndex=6' }, false],
    [{ varbind: 'ifIndex.5=5' }, true],
    [{ trap: 'linkDown' }, true],
    [{ trap: 'linkUp' }, false],
    [{ text: '1.3.6.1.2.1.2.2' }, true],
    [{ text: '1.3.6.1.2.1.2.3' }, false],
  ])('%j passes the trap: %s', (filter, passes) => {
    const isWanted = wanted(StreamQuerySchema.parse(filter), names);
    expect([isWanted(trap), isWanted(line)]).toEqual([passes, false]);
  });
});

describe('the query of a search', () => {
  it('takes a term once or several times', () => {
    const asked = messageQuery(MessagesQuerySchema.parse({ sd: 'a.b=1', varbind: ['1.3=2', '=3'] }), 0);
    expect(asked).toMatchObject({ sd: ['a.b=1'], varbind: ['1.3=2', '=3'], limit: 100 });
  });
  it.each([
    { sd: 'nothing' },
    { sd: Array(9).fill('a.b') },
    { varbind: 'if Index' },
    { trap: 'link down' },
    { facility: 'local9' },
    { transport: 'pigeon' },
    { oid: '1.3' },
  ])('refuses %j', (query) => expect(MessagesQuerySchema.safeParse(query).success).toBe(false));
});
