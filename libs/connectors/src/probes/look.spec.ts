import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { standStill } from '@yosugara/testkit';
import { describe, expect, it } from 'vitest';
import { failure, Look, looked, ProbeFailure, quoted, single } from './look.js';

async function pairOfSockets(): Promise<readonly [Socket, Socket]> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const there = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const here = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const sockets = [await there, here] as const;
  server.close();
  return sockets;
}

const never = new AbortController().signal;
const forEver = new Promise<never>(() => undefined);

describe('a look', () => {
  it('ends at its deadline with a sentence that says what it waited for, and what it opened is closed', async () => {
    let closed = 0;
    const answers = await looked(20, never, async (look) => {
      look.closes(() => closed++);
      look.doing = 'the greeting of 10.0.0.5:25';
      return await look.wait(forEver);
    });
    expect(answers).toEqual(single(failure('the greeting of 10.0.0.5:25: no answer within 20 ms')));
    expect(closed).toBe(1);
  });
  it('is answered by what came while this program stood still beyond its deadline', async () => {
    const [one, other] = await pairOfSockets();
    const answers = await looked(200, never, async (look) => {
      const heard = new Promise<void>((resolve) => void one.once('data', () => resolve()));
      other.write('here');
      standStill(600);
      await look.wait(heard);
      return single({ kind: 'text', text: 'here' } as never);
    });
    one.destroy();
    other.destroy();
    expect(answers).toMatchObject([{ value: { kind: 'text' } }]);
  });
  it('ends at once when nobody wants the answer any more', async () => {
    const stop = new AbortController();
    let closed = 0;
    const run = looked(60_000, stop.signal, async (look) => {
      look.closes(() => closed++);
      return await look.wait(forEver);
    });
    stop.abort();
    expect(await run).toEqual(single(failure('stopped')));
    expect(closed).toBe(1);
  });
  it('closes what it opened when all went well, and what is opened too late', async () => {
    let closed = 0;
    let kept: Look | null = null;
    await looked(60_000, never, async (look) => {
      kept = look;
      look.closes(() => closed++);
      return [];
    });
    expect(closed).toBe(1);
    expect(() => kept!.closes(() => closed++)).toThrow(ProbeFailure);
    expect(closed).toBe(2);
  });
  it('has parts with less time, whose things are closed at their end', async () => {
    const closed: string[] = [];
    const answers = await looked(60_000, never, async (look) => {
      look.closes(() => closed.push('whole'));
      await look
        .part(10, async (part) => {
          part.closes(() => closed.push('part'));
          part.doing = 'the first try';
          return await part.wait(forEver);
        })
        .catch((error: Error) => closed.push(error.message));
      return [];
    });
    expect(answers).toEqual([]);
    expect(closed).toEqual(['part', 'the first try: no answer within 10 ms', 'whole']);
  });
  it('a part ends with the whole', async () => {
    let closed = 0;
    const answers = await looked(20, never, async (look) => {
      look.doing = 'the whole';
      return await look.part(60_000, async (part) => {
        part.closes(() => closed++);
        return await part.wait(forEver);
      });
    });
    expect(answers).toMatchObject([
      { value: { kind: 'failure', why: expect.stringMatching(/^the whole: no answer within \d+ ms$/) } },
    ]);
    expect(closed).toBe(1);
  });
  it('has no time left when its timer may ring, which is up to 2 ms early', () => {
    const look = new Look(1.9, never);
    expect(look.leftMs).toBe(0);
    look.close();
  });
});

it('what the other side said stands on one line, and obeys no terminal', () => {
  expect(quoted('\u001b[2Jhello\r\nworld')).toBe('"[2Jhello world"');
  expect(quoted('x'.repeat(200), 5)).toBe('"xxxxx…"');
});
