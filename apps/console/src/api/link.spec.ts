import { describe, expect, it } from 'vitest';
import { type LinkPorts, LiveLink } from './link.js';

const sse = (name: string, body: unknown) => `event: ${name}\ndata: ${JSON.stringify(body)}\n\n`;
const hello = (node: string, epoch: number) => sse('hello', { node, epoch, mode: 'active' });

/** A clock in our hands, and connections that we open, feed and break. */
function bench() {
  let nowMs = 0;
  let tick = () => {};
  const opened: {
    query: string;
    status: number;
    say: (text: string) => Promise<void>;
    break: () => Promise<void>;
    aborted: () => boolean;
  }[] = [];
  let answer = 200;
  const ports: LinkPorts = {
    open: async (query, signal) => {
      const channel = new TransformStream<string, string>(undefined, { highWaterMark: 100 }, { highWaterMark: 100 });
      const writer = channel.writable.getWriter();
      const reader = channel.readable.getReader();
      const chunks = (async function* () {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          yield value;
        }
      })();
      opened.push({
        query,
        status: answer,
        say: async (text) => await writer.write(text),
        break: async () => await writer.close(),
        aborted: () => signal.aborted,
      });
      return { status: answer, chunks };
    },
    probe: async () => null,
    nowMs: () => nowMs,
    every: (_ms, run) => {
      tick = run;
      return () => {
        tick = () => {};
      };
    },
  };
  const settle = async () => await new Promise<void>((resolve) => setImmediate(resolve));
  const pass = async (ms: number) => {
    nowMs += ms;
    tick();
    await settle();
  };
  return { link: new LiveLink(ports), opened, pass, settle, answerWith: (status: number) => (answer = status) };
}

describe('the live link', () => {
  it('goes on at the new Master after the old one broke the connection', async () => {
    const { link, opened, pass, settle } = bench();
    const heard: string[] = [];
    link.listen({ onHello: ({ node, epoch }) => heard.push(`${node}${epoch}`) });
    link.start();
    await settle();
    await opened[0]?.say(hello('a', 6));
    await settle();
    await opened[0]?.break();
    await settle();
    expect(link.state().kind).toBe('waiting');
    await pass(250);
    await opened[1]?.say(hello('b', 7));
    await settle();
    expect(heard).toEqual(['a6', 'b7']);
    expect(link.state()).toMatchObject({ kind: 'open', lostAtMs: null });
    link.stop();
    expect(opened[1]?.aborted()).toBe(true);
  });

  it('hears nothing more of a connection it has given up', async () => {
    const { link, opened, settle } = bench();
    const batches: unknown[] = [];
    link.listen({ onMessages: (body) => batches.push(body) });
    link.start();
    await settle();
    await opened[0]?.say(hello('a', 6));
    await settle();
    link.setQuery('host=db');
    await settle();
    await opened[0]?.say(sse('messages', { rows: ['old'] }));
    await opened[1]?.say(hello('a', 6) + sse('messages', { rows: ['new'] }));
    await settle();
    expect(opened[1]?.query).toBe('host=db');
    expect(batches).toEqual([{ rows: ['new'] }]);
    link.stop();
  });

  it('goes on without a filter that the manager does not know, and loses nothing by it', async () => {
    const { link, opened, settle, answerWith } = bench();
    let refused = 0;
    link.listen({ onQueryRefused: () => (refused += 1) });
    link.start();
    await settle();
    await opened[0]?.say(hello('a', 6));
    await settle();
    answerWith(400);
    link.setQuery('trap=nothing');
    answerWith(200);
    await settle();
    await opened[2]?.say(hello('a', 6));
    await settle();
    expect(opened.map(({ query }) => query)).toEqual(['', 'trap=nothing', '']);
    expect([refused, link.state()]).toMatchObject([1, { kind: 'open', lostAtMs: null }]);
    link.stop();
  });

  it('tells a refused session from a Master that is not ready', async () => {
    const { link, pass, settle, answerWith } = bench();
    answerWith(503);
    link.start();
    await settle();
    expect(link.state().kind).toBe('waiting');
    answerWith(401);
    await pass(250);
    expect(link.state().kind).toBe('refused');
    link.stop();
  });
});
