import { epoch, lsn, type NodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { type FenceHealth, type Observation, predict, troublesHere, troublesOfCluster } from './index.js';
import { PROFILES, watchdogWaitMs, worstFailoverMs } from './profiles.js';
import type { Fence, ProofKind } from './record.js';
import { a, b, NOW, peer, primary, record, seenByA, seenByB, standby, w } from './testing.js';

const healthy: FenceHealth = { target: a, healthy: true, offMs: 2_200, atMs: NOW - 60_000, says: 'on' };
const seconds = (extraMs: number): number => Math.ceil((worstFailoverMs(PROFILES.lan) + extraMs) / 100) / 10;
const withProofs = (
  o: Observation,
  stopProofs: readonly ProofKind[],
  settings: Partial<Observation['settings']> = {},
): Observation => ({
  ...o,
  settings: { ...o.settings, stopProofs, fenceable: [a, b], ...settings },
});
const fromB = (health: Partial<FenceHealth> | null = {}, stopProofs: readonly ProofKind[] = ['P1', 'P2']): Observation =>
  withProofs(seenByB({ fenceHealth: new Map(health === null ? [] : [[a, { ...healthy, ...health }]]) }), stopProofs);

describe('if the Master died now, with P2', () => {
  it('its power would be cut first, and that takes its time', () => {
    expect(predict(fromB())).toMatchObject({ failsOver: true, to: b, dataLoss: 0, seconds: seconds(2_200) });
    expect(predict(fromB()).reason).toMatch(/a being switched off first$/);
  });
  it.each<[string, Partial<FenceHealth> | null, RegExp]>([
    ['was never checked', null, /not checked yet by b/],
    ['does not answer', { healthy: false, says: 'login failed' }, /does not answer b: login failed/],
    ['was not checked for more than three times', { atMs: NOW - 180_001 }, /last checked by b 180 s ago/],
  ])('nobody would take over while the device %s', (_, health, reason) => {
    expect(predict(fromB(health))).toMatchObject({ failsOver: false });
    expect(predict(fromB(health)).reason).toMatch(reason);
  });
  it('nobody would take over without a device', () =>
    expect(predict(withProofs(fromB(), ['P1', 'P2'], { fenceable: [b] })).reason).toMatch(/a has no power device \(P2\)/));
  it('the Master tells the same from what the Standby reports', () => {
    const peers = new Map([
      [b, peer({ fenceHealth: [healthy] })],
      [w, peer({ kind: 'witness' as const, postgres: { kind: 'unknown' as const } })],
    ]);
    expect(predict(withProofs(seenByA({ peers }), ['P1', 'P2']))).toEqual(predict(fromB()));
  });
});

describe('if the Master died now, and the Standby is behind with its replay', () => {
  const MIB = 1024 * 1024;
  const behind = (mib: number) => standby({ walEnd: lsn(500 * MIB), replayLsn: lsn((500 - mib) * MIB) });
  it('what it has still to replay is told, alike on both nodes', () => {
    const told = predict(seenByB({ postgres: behind(300) }));
    expect(told).toMatchObject({ failsOver: true, to: b, dataLoss: 0 });
    expect(told.reason).toMatch(/ and once it has replayed 300 MiB of WAL that it has received$/);
    const peers = new Map([
      [b, peer({ postgres: behind(300) })],
      [w, peer({ kind: 'witness' as const, postgres: { kind: 'unknown' as const } })],
    ]);
    expect(predict(seenByA({ peers })).reason).toBe(told.reason);
  });
  it('what is replayed in the meantime is not worth a word', () =>
    expect(predict(seenByB({ postgres: behind(60) })).reason).not.toMatch('replayed'));
});

describe('if the Master died now, and commits of somebody wait for no Standby (R8)', () => {
  const hasty = primary({ ungated: ['role hasty (off)'] });
  it('nobody knows what is lost, and whose it is is told, alike on both nodes', () => {
    const told = predict(seenByA({ postgres: hasty }));
    expect(told).toMatchObject({ failsOver: true, to: b, dataLoss: null });
    expect(told.reason).toMatch(
      /^b holds every acknowledged commit but the last ones of role hasty \(off\), which wait for nobody/,
    );
    const peers = new Map([
      [a, peer({ postgres: hasty })],
      [w, peer({ kind: 'witness' as const, postgres: { kind: 'unknown' as const } })],
    ]);
    expect(predict(seenByB({ peers }))).toEqual(told);
  });
  it('it is an alarm of the Master’s, and of nobody else', () => {
    const alarmsOf = (o: Observation) => troublesHere(o).filter(({ code }) => code === 'COMMITS_UNGATED');
    expect(alarmsOf(seenByA({ postgres: hasty }))).toMatchObject([
      { level: 'yellow', text: expect.stringContaining('commits on a of role hasty (off) are acknowledged before') },
    ]);
    expect(alarmsOf(seenByA())).toEqual([]);
    expect(alarmsOf(seenByB({ postgres: hasty }))).toEqual([]);
  });
});

describe('if the Master died now, with P3', () => {
  const armed = (timeoutMs: number | null): Observation =>
    withProofs(seenByB({ record: record({ armed: { kind: 'hardware', timeoutMs } }) }), ['P1', 'P3']);
  it('two time-outs of its watchdog are waited for', () =>
    expect(predict(armed(1_000)).seconds).toBe(seconds(watchdogWaitMs(PROFILES.lan, 1_000) - PROFILES.lan.guardMs)));
  it('nobody would take over when the watchdog is not read back', () =>
    expect(predict(armed(null)).reason).toMatch(/a has no verified hardware watchdog \(P3\)/));
  it('the sooner of two proofs counts', () => {
    const both = { ...armed(1_000), fenceHealth: new Map([[a, { ...healthy, offMs: 20_000 }]]) };
    expect(predict(withProofs(both, ['P1', 'P2', 'P3'])).seconds).toBe(predict(armed(1_000)).seconds);
  });
});

describe('if the Master died now, without an arbiter', () => {
  const two = (over: Partial<Observation> = {}): Observation => ({
    ...fromB(),
    ...{ twoNodes: true, voters: [a, b], fenceRight: true, peers: new Map([[a, peer({ postgres: primary() })]]) },
    ...over,
  });
  it('the delay comes before the fence', () => expect(predict(two()).seconds).toBe(seconds(10_000 + 2_200)));
  it.each<[string, Partial<Observation>, RegExp]>([
    ['that restarted waits for it', { fenceRight: false }, /b has not seen a in this epoch/],
    ['that has no vote yet cannot', { voters: [a] }, /b has only just come back/],
    ['whose PostgreSQL is down cannot', { postgres: { kind: 'empty' } }, /PostgreSQL on b is empty/],
  ])('a Standby %s', (_, over, reason) => {
    expect(predict(two(over))).toMatchObject({ failsOver: false });
    expect(predict(two(over)).reason).toMatch(reason);
  });
  it('P4 covers nothing', () =>
    expect(predict(withProofs(two(), ['P1', 'P4'])).reason).toMatch(
      /nothing would prove that a has stopped: P1, P4 never covers/,
    ));
});

describe('alarms about power', () => {
  const codes = (found: readonly { readonly code: string }[]): string[] => found.map(({ code }) => code);
  it('a device that does not answer is one', () => {
    expect(codes(troublesHere(fromB({ healthy: false, says: 'login failed' })))).toEqual(['FENCE_BROKEN']);
    expect(codes(troublesHere(fromB()))).toEqual([]);
  });
  it('a device that was never checked is one, once there was time for it', () => {
    expect(codes(troublesHere({ ...fromB(null), awakeSinceMs: NOW - 29_999 }))).toEqual([]);
    expect(codes(troublesHere({ ...fromB(null), awakeSinceMs: NOW - 30_000 }))).toEqual(['FENCE_BROKEN']);
  });
  it('a node without a device is one where P2 is listed', () => {
    expect(codes(troublesOfCluster(withProofs(fromB(), ['P1', 'P2'], { fenceable: [b] }), true))).toEqual(['NO_FENCE_DEVICE']);
    expect(codes(troublesOfCluster(withProofs(fromB(), ['P1', 'P4'], { fenceable: [] }), true))).toEqual([]);
  });
  it('a take-over that waits for a fence that failed is one', () => {
    const fence: Fence = {
      requestId: 'f',
      target: a,
      forEpoch: epoch(6),
      by: b,
      state: 'failed',
      method: 'm',
      evidence: 'no answer',
      atWallMs: 1,
    };
    const taking = record({ epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'stopping-old', fence });
    expect(codes(troublesHere({ ...fromB(), record: taking, postgres: standby() }))).toEqual(['FENCE_FAILED']);
  });
});

describe('if the Master died now', () => {
  const says = (o: Observation) => predict(o);
  it('the Standby would take over without loss', () =>
    expect(says(seenByA())).toMatchObject({ failsOver: true, to: b, dataLoss: 0 }));
  it('nobody would while it serves alone, and the way out is named', () => {
    const forecast = says(seenByA({ record: record({ syncSet: [a] }) }));
    expect(forecast.failsOver).toBe(false);
    expect(forecast.reason).toContain('yosugara recover');
  });
  it('nobody would without a third voter', () =>
    expect(
      says(
        seenByA({
          peers: new Map<NodeId, ReturnType<typeof peer>>([
            [b, peer()],
            [w, peer({ kind: 'witness', heardAgoMs: 9_000 })],
          ]),
        }),
      ).failsOver,
    ).toBe(false));
});

describe('a forecast without a proof that can be had', () => {
  it('says that nobody would take over, and what to do', () => {
    const o = seenByA();
    const forecast = predict({ ...o, settings: { ...o.settings, stopProofs: ['P1', 'P2', 'P3'] } });
    expect(forecast.failsOver).toBe(false);
    expect(forecast.reason).toContain('stopProofs: [P1, P4]');
  });
});
