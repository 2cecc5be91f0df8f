import { describe, expect, it } from 'vitest';
import { isOccurrence } from './index.js';

describe('a result', () => {
  it.each([
    ['monitor', 'syslog'],
    ['monitor', 'snmp-trap'],
    ['monitor', 'custom-trap-string'],
    ['monitor', 'log-file'],
    ['job', 'job'],
    ['internal', 'outbox'],
    ['maintenance', 'maintenance'],
  ] as const)('of %s, %s is something that happened', (trigger, plugin) => expect(isOccurrence({ trigger, plugin })).toBe(true));
  it.each([
    ['monitor', 'ping'],
    ['monitor', 'custom-trap-numeric'],
    ['monitor', 'log-count'],
    ['prediction', 'resource'],
    ['internal', 'internal'],
  ] as const)('of %s, %s is a state, which has an end', (trigger, plugin) =>
    expect(isOccurrence({ trigger, plugin })).toBe(false),
  );
});
