import type { InventoryItem } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { compareVersions, conditionProblem, holds, inventoryChange, inventoryDueMs } from './index.js';

const openssl = (version: string, by = 'dpkg'): InventoryItem => ({
  ...{ kind: 'package', key: 'openssl:amd64', name: 'openssl' },
  fields: { version, architecture: 'amd64', vendor: 'Debian', by },
});
const bash: InventoryItem = { ...openssl('5.2'), key: 'bash:amd64', name: 'bash' };

describe('versions are ordered as package managers do', () => {
  // Each older than the next; of dpkg what `dpkg --compare-versions` says, of rpm what rpm's own tests say.
  it.each([
    ['dpkg', ['1.0~rc1', '1.0', '1.0-1', '1.0-1+deb12u1', '1.0-2', '1.0+x', '1.0.1', '1.2', '1.10', '2:0.1']],
    ['rpm', ['1.0~rc1', '1.0', '1.0^git1', '1.0.1', '1.2', '1.10', '2:0.1']],
  ] as const)('%s', (order, versions) => {
    const sign = (one: string, other: string) => Math.sign(compareVersions(one, other, order));
    for (const [at, one] of versions.entries())
      for (const [of, other] of versions.entries())
        expect([one, other, sign(one, other)]).toEqual([one, other, Math.sign(at - of)]);
  });
  it('what is no version has an order, too', () => {
    expect(compareVersions('', '')).toBe(0);
    expect(compareVersions(':', 'x:1')).not.toBeNaN();
    expect(compareVersions('007', '7')).toBe(0);
    expect(compareVersions('1a', '1', 'rpm')).toBeGreaterThan(0);
    expect(compareVersions('9'.repeat(400), '8'.repeat(400))).toBeGreaterThan(0);
  });
});

describe('what changed', () => {
  it('is nothing when all is as before, in whatever order it is told', () =>
    expect(inventoryChange([bash, openssl('3.0')], { items: [openssl('3.0'), bash], troubles: [] })).toEqual({
      ...{ begun: [], ended: [], added: 0, removed: 0, changed: 0 },
    }));
  it('is told of each thing', () =>
    expect(inventoryChange([openssl('3.0'), bash], { items: [openssl('3.1'), { ...bash, key: 'zsh' }], troubles: [] })).toEqual({
      begun: [openssl('3.1'), { ...bash, key: 'zsh' }],
      ended: [
        { kind: 'package', key: 'openssl:amd64' },
        { kind: 'package', key: 'bash:amd64' },
      ],
      ...{ added: 1, removed: 1, changed: 1 },
    }));
  it('is nothing of a kind that could not be looked at', () =>
    expect(inventoryChange([bash], { items: [openssl('3')], troubles: [{ kind: 'package', why: 'locked' }] }).ended).toEqual([]));
  it('of two with one key the first one counts', () =>
    expect(inventoryChange([], { items: [openssl('3.0'), openssl('3.1')], troubles: [] }).begun).toEqual([openssl('3.0')]));
  it('of a start is its id, and not the second that was reckoned', () => {
    const boot = (key: string, at: string): InventoryItem => ({ kind: 'boot', key, name: key, fields: { at } });
    expect(inventoryChange([boot('x', '10:00:01')], { items: [boot('x', '10:00:02')], troubles: [] }).begun).toEqual([]);
    expect(inventoryChange([boot('x', '10:00:01')], { items: [boot('y', '11:00:00')], troubles: [] })).toMatchObject({
      added: 1,
      removed: 1,
    });
  });
});

describe('conditions', () => {
  it.each([
    ['lt', '3.0.17', true],
    ['lt', '3.0.9', false],
    ['ge', '3.0.16-1', true],
    ['eq', '3.0.16-1', true],
    ['ne', '3.0.16-1', false],
    ['contains', '0.16', true],
  ] as const)('version %s %s', (operator, value, expected) =>
    expect(holds(openssl('3.0.16-1'), { field: 'version', operator, value })).toBe(expected),
  );
  it('compare numbers as numbers', () => {
    const memory: InventoryItem = { kind: 'memory', key: '', name: 'memory', fields: { total: 9 } };
    expect(holds(memory, { field: 'total', operator: 'lt', value: '10' })).toBe(true);
    expect(holds(memory, { field: 'swap', operator: 'lt', value: '10' })).toBe(false);
    expect(holds(memory, { field: 'swap', operator: 'ne', value: '10' })).toBe(true);
  });
  it('of what there is not are refused', () => {
    expect(conditionProblem('package', { field: 'colour', operator: 'eq', value: 'x' })).toMatch(/no colour: there are version/);
    expect(conditionProblem('package', { field: 'constructor', operator: 'eq', value: 'x' })).not.toBeNull();
    expect(conditionProblem('memory', { field: 'total', operator: 'eq', value: 'much' })).toMatch(/number/);
    expect(conditionProblem('package', { field: 'version', operator: 'lt', value: '1' })).toBeNull();
  });
});

describe('by the schedule', () => {
  const HOUR = 3_600_000;
  it('who was never asked is due at once, others at their time of day, and once', () => {
    expect(inventoryDueMs('web1', null, 24)).toBe(0);
    const due = inventoryDueMs('web1', 1_000 * HOUR, 24);
    expect(due).toBeGreaterThan(1_000 * HOUR);
    expect(due).toBeLessThanOrEqual(1_024 * HOUR);
    expect(inventoryDueMs('web1', due, 24)).toBe(due + 24 * HOUR);
    expect(inventoryDueMs('web1', due + 5 * HOUR, 24)).toBe(due + 24 * HOUR);
  });
  it('nodes are spread over the day', () => {
    const hours = Array.from({ length: 2_400 }, (_, at) => Math.floor(inventoryDueMs(`web${at}`, 1_000 * HOUR, 24) / HOUR));
    const counts = Object.values(Object.groupBy(hours, (hour) => String(hour))).map((found) => found!.length);
    expect(Math.max(...counts)).toBeLessThan(200);
    expect(counts.length).toBeGreaterThanOrEqual(24);
  });
});
