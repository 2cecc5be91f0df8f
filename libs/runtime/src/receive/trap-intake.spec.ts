import { createHash } from 'node:crypto';
import { SILENT_LOG } from '@yosugara/kernel';
import { decodeTrap } from '@yosugara/operations';
import { MessageFlag } from '@yosugara/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedRecord } from './ports.js';
import { recallInforms } from './recall-informs.js';
import { INFORM_KNOWN_MS, TrapIntake, type TrapIntakeOptions } from './trap-intake.js';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
/** v2c coldStart with community public; `tag` a6 is an INFORM. */
const packet = (tag: 'a6' | 'a7', requestId = '01', community = '7075626c6963') =>
  bytes(
    `303a0201010406${community}${tag}2d0201${requestId}0201000201003022300d06082b060102010103004301053011060a2b06010603010104010006032b0601`,
  );
const record = (raw: Uint8Array, port = 5_000): ReceivedRecord => ({
  ...{ receivedAtUs: 1, monotonicMs: 1, kind: 'trap', transport: 'udp', flags: 0, raw },
  ...{ source: { address: '10.0.0.1', port }, listener: { kind: 'own', address: '10.0.0.9' } },
});

let kept: ReceivedRecord[] = [];
let safe = 0;
let answers: string[] = [];
const taking = (options: Partial<TrapIntakeOptions> = {}) =>
  new TrapIntake({
    intake: (taken) => kept.push(taken) > 0,
    lastSeq: () => kept.length,
    safeSeq: () => safe,
    nowMs: () => 0,
    digest: (data) => createHash('sha256').update(data).digest('base64'),
    ...options,
  });
const reply = (answer: Uint8Array) => void answers.push(Buffer.from(answer).toString('hex'));
beforeEach(() => {
  [kept, answers, safe] = [[], [], 0];
});

describe('an INFORM', () => {
  it('is what these specs think it is', () =>
    expect(decodeTrap(packet('a6'))).toMatchObject({ kind: 'trap', trap: { pdu: 'inform', community: 'public' } }));
  it('is answered when it is safe, and not before', () => {
    const traps = taking();
    traps.take(record(packet('a6')), reply);
    expect([kept[0]?.flags, answers]).toEqual([MessageFlag.inform, []]);
    safe = 1;
    traps.answerWhatIsSafe();
    traps.answerWhatIsSafe();
    expect(answers).toEqual([Buffer.from(packet('a6')).toString('hex').replace('a62d', 'a22d')]);
  });
  it('is kept as it was, in a Buffer too', () => {
    const traps = taking();
    safe = 1;
    traps.take(record(Buffer.from(packet('a6'))), reply);
    expect([Buffer.from(kept[0]!.raw).equals(packet('a6')), answers.length]).toEqual([true, 1]);
  });
  it('that comes again is answered again and kept once', () => {
    const traps = taking();
    safe = 1;
    for (const port of [5_000, 5_000]) traps.take(record(packet('a6'), port), reply);
    expect([kept.length, answers.length]).toEqual([1, 2]);
  });
  it('from another port or with another request-id is another one', () => {
    const traps = taking();
    for (const [id, port] of [
      ['01', 5_000],
      ['01', 5_001],
      ['02', 5_000],
    ] as const)
      traps.take(record(packet('a6', id), port), reply);
    expect(kept).toHaveLength(3);
  });
  it('is kept, though so many wait that it gets no answer until it is asked for again', () => {
    const traps = taking({ maxWaiting: 1 });
    traps.take(record(packet('a6', '01')), reply);
    traps.take(record(packet('a6', '02')), reply);
    safe = 2;
    traps.answerWhatIsSafe();
    expect([kept.length, answers.length]).toEqual([2, 1]);
    traps.take(record(packet('a6', '02')), reply);
    expect([kept.length, answers.length]).toEqual([2, 2]);
  });
  it('is not answered when the journal refuses it', () => {
    const traps = taking({ intake: () => false });
    safe = 9;
    expect(traps.take(record(packet('a6')), reply)).toBe(false);
    expect(answers).toEqual([]);
  });
});

describe('an INFORM that an earlier start journaled', () => {
  /** As it is journaled. */
  const journaled = (requestId: string, seq: number, flags = MessageFlag.inform as number) => ({
    ...record(packet('a6', requestId)),
    flags,
    seq,
  });
  const recalled = async (options: Partial<TrapIntakeOptions>, ...ids: string[]) => {
    const traps = taking(options);
    await traps.recall(async (remember) => {
      for (const [at, id] of ids.entries()) remember('a-1-1', journaled(id, at + 1));
    });
    return traps;
  };

  it('is not journaled again, and answered when it is safe', async () => {
    let isSafe = false;
    const asked: unknown[] = [];
    const traps = await recalled({ isSafe: (ref) => asked.push(ref) > 0 && isSafe }, '01', '02');
    traps.take(record(packet('a6', '02')), reply);
    expect([kept, answers, asked]).toEqual([[], [], [{ journalId: 'a-1-1', seq: 2 }]]);
    isSafe = true;
    traps.take(record(packet('a6', '02')), reply);
    expect([kept, answers.length]).toEqual([[], 1]);
  });
  it('and another one is another one', async () => {
    const traps = await recalled({}, '01');
    traps.take(record(packet('a6', '02')), reply);
    traps.take(record(packet('a6', '01'), 5_001), reply);
    expect(kept).toHaveLength(2);
  });
  it('waits until it is known what was journaled; all else does not', async () => {
    const traps = taking({ maxWaiting: 2 });
    let know = () => {};
    const recall = traps.recall(async (remember) => {
      await new Promise<void>((resolve) => (know = resolve));
      remember('a-1-1', journaled('01', 1));
    });
    for (const id of ['01', '02']) expect(traps.take(record(packet('a6', id)), reply)).toBe(true);
    expect(traps.take(record(packet('a6', '03')), reply)).toBe(false);
    traps.take(record(packet('a7', '04')), reply);
    expect(kept).toHaveLength(1);
    know();
    await recall;
    expect(kept.map(({ raw }) => raw)).toEqual([packet('a7', '04'), packet('a6', '02')]);
  });
  it('is taken though the journals cannot be read', async () => {
    const traps = taking();
    await expect(traps.recall(() => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    traps.take(record(packet('a6', '01')), reply);
    expect(kept).toHaveLength(1);
  });
  it('is known for a quarter of an hour after it was last asked for: then its request-id is another message’s', async () => {
    let nowMs = 0;
    const traps = await recalled({ nowMs: () => nowMs }, '01');
    for (nowMs of [INFORM_KNOWN_MS, 2 * INFORM_KNOWN_MS]) traps.take(record(packet('a6', '01')), reply);
    expect(kept).toEqual([]);
    nowMs = 3 * INFORM_KNOWN_MS + 1;
    traps.take(record(packet('a6', '01')), reply);
    expect(kept).toHaveLength(1);
  });
});

describe('what of earlier starts is looked at', () => {
  const NOW_US = 1e15;
  const inform = (seq: number, atUs: number) => ({
    ...record(packet('a6', '01')),
    flags: MessageFlag.inform,
    receivedAtUs: atUs,
    seq,
  });
  it('are the youngest journals first, and nothing that is older than anybody asks for', async () => {
    const asked: string[] = [];
    const remembered: number[] = [];
    const traps = { recall: (read: Parameters<TrapIntake['recall']>[0]) => read((_, { seq }) => void remembered.push(seq)) };
    const read = async (journalId: string, fromSeq: number) => {
      asked.push(`${journalId} ${fromSeq}`);
      if (journalId === 'a-3-3') throw new Error('damaged');
      const ageUs = journalId === 'a-1-1' ? INFORM_KNOWN_MS * 1_000 + 1 : 0;
      return [inform(fromSeq, NOW_US - ageUs), inform(fromSeq + 1, NOW_US - ageUs)];
    };
    const journals = () =>
      ['a-0-0', 'a-1-1', 'a-2-2', 'a-3-3'].map((journalId) => ({ journalId, firstSeq: 3, lastDurableSeq: 6 }));
    const said: string[] = [];
    const log = { ...SILENT_LOG, warn: (event: string) => void said.push(event) };
    await recallInforms(traps as TrapIntake, { journals, read }, NOW_US, log);
    expect([asked, remembered.length, said]).toEqual([
      ['a-3-3 3', 'a-2-2 3', 'a-2-2 5', 'a-1-1 3', 'a-1-1 5'],
      8,
      ['trap.not_recalled'],
    ]);
  });
});

describe('a trap', () => {
  const secret = '736563726574';
  it('of any community is kept when none is named', () => {
    taking().take(record(packet('a7', '01', secret)), reply);
    expect(kept).toHaveLength(1);
  });
  it.each([
    ['of another community', packet('a7', '01', secret), 'unknown_community'],
    ['that cannot be read', bytes('3005'), 'malformed_ber_truncated'],
    ['of SNMPv3 without users', bytes('3003020103'), 'no_users'],
  ])('%s is counted, sampled and not kept', (_, raw, reason) => {
    const refused: string[] = [];
    const traps = taking({ communities: ['public'], onRefused: (_record, why) => refused.push(why) });
    expect(traps.take(record(raw), reply)).toBe(true);
    expect([kept.length, refused, traps.refusedTotal]).toEqual([0, [reason], 1]);
  });
  it('that cannot be read is a message with a reason when any community may send', () => {
    const traps = taking();
    traps.take(record(bytes('3005')), reply);
    expect([kept.length, [...traps.malformed.keys()]]).toEqual([1, ['ber_truncated 10.0.0.1']]);
  });
});
