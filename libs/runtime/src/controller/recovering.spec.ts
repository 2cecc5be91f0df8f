import { epoch, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { trackRecover } from './recovering.js';
import { a, b, MiniCluster } from './testing/mini-cluster.js';
import { leadingA } from './testing/single.js';

const self = nodeId('a');

const asked = (requestId: string, failures: readonly string[], count = 3) => {
  const { state } = leadingA([{ id: b, kind: 'data', voter: false }]);
  state.record = { ...state.record, owner: b, epoch: epoch(3), phase: 'serving', syncSet: [b] };
  for (const action of failures) state.failures.set(action, { count, atMs: state.nowMs, code: 'START_FAILED' });
  state.record = { ...state.record, recover: [{ node: self, requestId, state: 'open' }] };
  return state;
};

describe('a recover that an operator asks for', () => {
  it.each(['pg.startStandby', 'pg.follow', 'pg.baseBackup', 'pg.rewind'])(
    'is not failed by what %s had failed at before: what was in the way may be cleared up',
    (action) => {
      const state = asked('r1', [action]);
      trackRecover(state, false);
      expect(state.recover).toMatchObject({ requestId: 'r1', state: 'running' });
    },
  );
  it('still knows that a rewind failed: the directory may be usable no more, and a base backup is what comes next', () => {
    const state = asked('r1', ['pg.rewind']);
    trackRecover(state, false);
    expect(state.failures.get('pg.rewind')).toMatchObject({ count: 0, code: 'START_FAILED' });
  });
  it('is told as failed after three more tries', () => {
    const state = asked('r1', ['pg.startStandby']);
    trackRecover(state, false);
    state.failures.set('pg.startStandby', { count: 3, atMs: state.nowMs, code: 'START_FAILED' });
    trackRecover(state, false);
    expect(state.recover).toMatchObject({ state: 'failed' });
  });
});

describe('a node that comes back with another database in the place of its own', () => {
  it('is left alone, also by recover, until an operator gives up just that database', () => {
    const cluster = new MiniCluster({ autoRejoin: 'always' });
    cluster.begin();
    cluster.powerOff(b);
    cluster.until('a is alone', () => cluster.role(a) === 'MASTER_SOLO', 20_000);
    cluster.replaceData(b, '42');
    cluster.powerOn(b);
    cluster.until('b says so', () => cluster.role(b) === 'HALT', 20_000);
    expect(cluster.state(b).decision.why).toContain('system identifier 42');
    expect(cluster.ask(a, { kind: 'recover', node: b })).toMatchObject({ ok: false, code: 'FOREIGN_SYSTEM' });
    cluster.pass(10_000);
    expect(cluster.role(b)).toBe('HALT');
    expect(cluster.ask(a, { kind: 'recover', node: b, discardUnknown: true })).toMatchObject({ ok: true });
    cluster.until('b is back', () => cluster.role(b) === 'STANDBY_SYNC', 30_000);
    expect(cluster.state(a).record.recover).not.toContainEqual(expect.objectContaining({ node: b, state: 'open' }));
  });
});
