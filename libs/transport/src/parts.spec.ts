import { generateKeyPairFromSeed, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import { nodeId } from '@yosugara/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Doubles } from './doubles.js';
import { decodeEnvelope, encodeEnvelope } from './envelope.js';
import { generateIdentity, IdentityError, peerIdOf, seedOf, signWith, verifyFrom } from './index.js';

describe('an identity', () => {
  it('has the peer id that libp2p gives the same seed, and takes its protobuf too', async () => {
    for (let n = 0; n < 20; n++) {
      const { seedBase64, peerId } = generateIdentity();
      const seed = Buffer.from(seedBase64, 'base64');
      const key = await generateKeyPairFromSeed('Ed25519', seed);
      expect(peerId).toBe(key.publicKey.toString());
      expect(peerIdOf(seed)).toBe(peerId);
      expect(Buffer.from(seedOf(privateKeyToProtobuf(key)))).toEqual(seed);
    }
  });

  it('signs, and its peer id alone is enough to check: other bytes, other keys and other signatures fail', () => {
    const [one, other] = [generateIdentity(), generateIdentity()];
    const proof = Buffer.from('stopped: epoch 7, boot 1234');
    const signature = signWith(Buffer.from(one.seedBase64, 'base64'), proof);
    expect(verifyFrom(one.peerId, proof, signature)).toBe(true);
    expect(verifyFrom(one.peerId, Buffer.from('stopped: epoch 8, boot 1234'), signature)).toBe(false);
    expect(verifyFrom(other.peerId, proof, signature)).toBe(false);
    expect(verifyFrom(one.peerId, proof, Buffer.alloc(64))).toBe(false);
  });

  it.each(['', 'nonsense!', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N', '12D3KooW'])('refuses %j as a peer id', (text) =>
    expect(() => verifyFrom(text, Buffer.alloc(1), Buffer.alloc(64))).toThrow(IdentityError),
  );

  it('refuses a key of another length', () => expect(() => seedOf(Buffer.alloc(31))).toThrow(/31 bytes/));
});

describe('an envelope', () => {
  const envelope = fc.record({
    clusterId: fc.string({ maxLength: 40 }).filter((text) => Buffer.byteLength(text) <= 255),
    from: fc.constantFrom('a', 'b', 'w').map(nodeId),
    to: fc.constantFrom('a', 'b', 'w').map(nodeId),
    boot: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    seq: fc.maxSafeNat(),
    body: fc.uint8Array({ maxLength: 300 }),
  });

  it('reads back as it was written', () =>
    fc.assert(
      fc.property(envelope, (sent) => {
        const got = decodeEnvelope(encodeEnvelope(sent));
        expect(got && { ...got, body: Buffer.from(got.body) }).toEqual({ ...sent, body: Buffer.from(sent.body) });
      }),
    ));

  it('is refused when its head is cut short, and never throws on foreign bytes', () =>
    fc.assert(
      fc.property(envelope, fc.uint8Array({ maxLength: 60 }), (sent, foreign) => {
        const bytes = encodeEnvelope({ ...sent, body: new Uint8Array(0) });
        for (let length = 0; length < bytes.length; length++) expect(decodeEnvelope(bytes.subarray(0, length))).toBeNull();
        decodeEnvelope(foreign);
      }),
    ));
});

describe('doubles', () => {
  it('are dropped, in any order, within a window; what is older than the window is dropped too', () => {
    const doubles = new Doubles();
    expect([3, 1, 3, 2, 1].map((seq) => doubles.isNew('x', seq))).toEqual([true, true, false, true, false]);
    expect(doubles.isNew('x', 5000)).toBe(true);
    expect(doubles.isNew('x', 904)).toBe(false);
    expect(doubles.isNew('x', 905)).toBe(true);
  });

  it('are counted for each boot of the sender apart', () => {
    const doubles = new Doubles();
    expect(doubles.isNew('x', 1)).toBe(true);
    expect(doubles.isNew('y', 1)).toBe(true);
    expect(doubles.isNew('x', 1)).toBe(false);
  });
});
