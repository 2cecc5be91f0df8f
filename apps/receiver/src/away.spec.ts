import { rmSync } from 'node:fs';
import { connect, createConnection } from 'node:net';
import { join } from 'node:path';
import { decodeRecord } from '@yosugara/journal';
import { type AwayAnswerDocument, STATE_LAYOUT } from '@yosugara/protocol';
import { decodeRecords } from '@yosugara/runtime';
import { expect, it } from 'vitest';
import { newest, twoReceivers } from './testing/two-receivers.js';

const soon = { timeout: 60_000, interval: 10 };
const { address, ports, closers, configs, start } = await twoReceivers({ third: 74 });

/** A manager's connection to its receiver: asks, and puts the parts of an answer together. */
function asking(path: string) {
  const socket = connect(path);
  closers.push(() => socket.destroy());
  const answers: AwayAnswerDocument['away'][] = [];
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const document = JSON.parse(line) as Partial<AwayAnswerDocument>;
      if (document.away !== undefined) answers.push(document.away);
    }
  });
  let id = 0;
  const ask = async (journalId: string, fromSeq: number, throughSeq: number) => {
    socket.write(`${JSON.stringify({ read: { id: ++id, journalId, fromSeq, throughSeq } })}\n`);
    const mine = () => answers.filter((each) => each.id === id);
    await expect.poll(() => mine().at(-1)?.kind, soon).toBeDefined();
    const bytes = Buffer.from(
      mine()
        .map(({ part = '' }) => part)
        .join(''),
      'base64',
    );
    const texts = decodeRecords(bytes).map((record) => Buffer.from(decodeRecord(record).raw).toString());
    const { kind, throughSeq: through } = mine().at(-1)!;
    return { kind, ...(through === undefined ? {} : { through }), ...(texts.length === 0 ? {} : { texts }) };
  };
  /** On a machine that stalls for 1.5 s the link is made anew; whoever asks meanwhile asks again. */
  const answered = async (...range: Parameters<typeof ask>) => {
    await expect.poll(async () => (await ask(...range)).kind, soon).not.toBe('unasked');
    return await ask(...range);
  };
  return { ask, answered };
}

it('a receiver whose journal was lost is asked for it, and gets it from the copy on the other node', async () => {
  const config = configs();
  const a = await start(config.a);
  const b = await start(config.b);
  const lines = Array.from({ length: 40 }, (_, at) => `<13>line ${at + 1} ${'x'.repeat(at === 20 ? 30_000 : 10)}`);
  const sender = createConnection(ports.syslog, address.a);
  closers.push(() => sender.destroy());
  sender.write(lines.map((line) => `${line}\n`).join(''));
  await expect.poll(() => newest(b.watermark(), 'peer')?.durableSeq, soon).toBe(40);
  const { journalId } = newest(b.watermark(), 'peer')!;
  await a.stop();
  rmSync(join(config.a.stateDir, STATE_LAYOUT.journalOwn), { recursive: true });

  const again = await start(config.a);
  const lost = () => again.watermark().journals.find((journal) => journal.journalId === journalId);
  await expect.poll(lost, soon).toEqual({ journalId, side: 'own', node: 'a', firstSeq: 41, durableSeq: 40, bothSeq: 40 });
  const { ask, answered } = asking(join(config.a.stateDir, STATE_LAYOUT.receiverSocket));
  expect(await answered(journalId, 1, 40)).toEqual({ kind: 'found', texts: lines });
  expect(await answered(journalId, 5, 7)).toEqual({ kind: 'found', texts: lines.slice(4, 7) });
  expect(await answered(journalId, 41, 50)).toEqual({ kind: 'missing', through: 50 });
  expect(await answered('a-00000000-00000000', 1, 9)).toEqual({ kind: 'missing', through: 9 });
  // The copying goes on meanwhile.
  sender.destroy();
  const next = createConnection(ports.syslog, address.a);
  closers.push(() => next.destroy());
  next.write('<13>and on\n');
  await expect.poll(() => newest(b.watermark(), 'peer')?.journalId === journalId, soon).toBe(false);
  await b.stop();
  await expect.poll(() => again.watermark().canRead, soon).toBe(false);
  expect(await ask(journalId, 1, 40)).toEqual({ kind: 'unasked' });
});
