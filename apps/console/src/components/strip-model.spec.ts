import type { Status } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { stripOf } from './strip-model.js';

const node = (name: string, role: string, reachable = true) => ({ name, role, reachable }) as Status['nodes'][number];
const status = (change: Partial<Status> = {}): Status =>
  ({
    ...{ master: 'b', nodes: [node('a', 'STANDBY_SYNC'), node('b', 'MASTER_SYNC')], alarms: [] },
    ...{ arbiter: { name: 'w', voting: true } },
    ifMasterDied: { failsOver: true, to: 'a', seconds: 8.2, dataLoss: 0, reason: '' },
    ...change,
  }) as Status;

describe('the strip of the cluster', () => {
  it('names the Master first, and what would follow', () =>
    expect(stripOf(status())).toEqual({
      nodes: [
        { name: 'b', role: 'MASTER_SYNC', tone: 'master' },
        { name: 'a', role: 'STANDBY_SYNC', tone: 'good' },
      ],
      ...{ arbiter: { name: 'w', isVoting: true }, verdict: 'safe', to: 'a', seconds: 9, redAlarms: 0 },
    }));
  it('never shows a node that is not heard as well', () =>
    expect(stripOf(status({ nodes: [node('a', 'STANDBY_SYNC', false)] })).nodes).toEqual([
      { name: 'a', role: 'UNKNOWN', tone: 'unknown' },
    ]));
  it.each([
    [{ failsOver: true, dataLoss: 0 }, 'safe'],
    [{ failsOver: true, dataLoss: 12 }, 'loss'],
    [{ failsOver: true, dataLoss: null }, 'loss'],
    [{ failsOver: false, dataLoss: null }, 'nobody'],
  ] as const)('%j: %s', (says, verdict) =>
    expect(stripOf(status({ ifMasterDied: { to: 'a', seconds: null, reason: '', ...says } })).verdict).toBe(verdict),
  );
  it('says that an operator has paused it, whatever else', () =>
    expect(stripOf(status({ pause: { until: '', why: '' } })).verdict).toBe('paused'));
  it('counts red alarms only', () =>
    expect(
      stripOf(
        status({
          alarms: [
            { level: 'red', code: 'X', text: '' },
            { level: 'yellow', code: 'Y', text: '' },
          ],
        }),
      ).redAlarms,
    ).toBe(1));
});
