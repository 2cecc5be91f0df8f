import { decodeTrap, UsmReceiver, usmUser } from '@yosugara/operations';
import { NODE_USM_CRYPTO } from '@yosugara/receivers';
import { expect, it } from 'vitest';
import { type Asker, openLoop, percentile } from './open-loop.js';
import { PASSPHRASES, requestIdOf, USER, v2cMaker, v3Maker } from './trap-packets.js';

const ENGINE = { id: Buffer.from('80001f8804626e63', 'hex'), boots: 1, time: 5 };

it.each(['trap', 'inform'] as const)('v2c packets (%s) are what a receiver takes, each with a request-id of its own', (kind) => {
  const maker = v2cMaker(kind);
  for (const at of [0, 1, 200_000]) {
    const packet = maker.make(at);
    expect(decodeTrap(packet)).toMatchObject({ kind: 'trap', trap: { pdu: kind, requestId: String(requestIdOf(at)) } });
    expect(packet.readUInt32BE(maker.idAt)).toBe(requestIdOf(at));
  }
});

it('v3 packets are authentic, private and never twice the same', () => {
  const passphrases = { auth: Buffer.from(PASSPHRASES.auth), priv: Buffer.from(PASSPHRASES.priv) };
  const user = usmUser(NODE_USM_CRYPTO, { name: USER, auth: 'sha256', priv: 'aes128' }, passphrases);
  if (typeof user === 'string') return expect.fail(user);
  const usm = new UsmReceiver({
    ...{
      crypto: NODE_USM_CRYPTO,
      engineId: Buffer.from('8000000001020304', 'hex'),
      boots: 1,
      startedMs: 0,
      users: [user],
      firstSalt: 1n,
    },
  });
  const maker = v3Maker('trap', ENGINE);
  for (let at = 0; at < 300; at++)
    expect(usm.take(maker.make(at), 1_000)).toMatchObject({ kind: 'notification', trap: { requestId: String(requestIdOf(at)) } });
  expect(usm.take(maker.make(7), 1_000)).toMatchObject({ kind: 'refused', reason: 'replayed' });
});

it('an open loop asks at its rate whatever the answers do, and counts those that never come', async () => {
  const asked: number[] = [];
  const asker: Asker = { ask: (at) => void asked.push(at), onAnswer: () => undefined, close: () => undefined };
  const begun = openLoop(asker, 1_000, 50, 200);
  const { took, unanswered } = await begun;
  expect([asked.length, took, unanswered]).toEqual([50, [], 50]);
  const answering: Asker = { ...asker, ask: (at) => setTimeout(() => answering.onAnswer(at), 5) };
  const answered = await openLoop(answering, 1_000, 50);
  expect([answered.took.length, answered.unanswered]).toEqual([50, 0]);
  expect(answered.took[0]).toBeGreaterThanOrEqual(4);
});

it('a percentile is one of the values', () => {
  const values = Array.from({ length: 1_000 }, (_, at) => at + 1);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99)]).toEqual([500, 990, 7]);
});
