import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type Log, SILENT_LOG } from '@yosugara/kernel';
import type { ReceivedRecord } from '@yosugara/runtime';
import { freePorts, pause, until } from '@yosugara/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { Opening } from './kept-listener.js';
import { KeptListeners } from './kept-listeners.js';
import { listensTcp } from './kernel-tables.js';
import { listenTcp } from './tcp.js';
import { endListening } from './testing/ended.js';
import { ALWAYS_TAKES } from './testing/taking.js';
import { type Listener, listenUdp } from './udp.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const HERE = '127.0.9.9';
const [udpPort = 0, tcpPort = 0] = await freePorts(2);

/** Syslog over UDP and TCP on one address, and what came there. */
const two = (log: Log = SILENT_LOG, address = HERE) => {
  const got: ReceivedRecord[] = [];
  const intake = (record: ReceivedRecord) => got.push(record) > 0;
  const at = { address, listener: 'vip' } as const;
  const openings: Opening[] = [
    {
      ...{ ...at, protocol: 'udp', port: udpPort },
      open: () => listenUdp({ ...at, port: udpPort, kind: 'syslog', receiveBufferBytes: 65_536, intake }),
    },
    {
      ...{ ...at, protocol: 'tcp', port: tcpPort },
      open: () => listenTcp({ ...at, port: tcpPort, room: ALWAYS_TAKES, intake }),
    },
  ];
  const kept = new KeptListeners(openings, log);
  closers.push(() => kept.close());
  return { kept, got, texts: () => got.map(({ raw }) => Buffer.from(raw).toString()) };
};
/** Somebody else on that UDP port. */
const holder = async (port = udpPort): Promise<() => Promise<void>> => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind({ address: HERE, port, exclusive: true }, resolve));
  let isOpen = true;
  const free = async () => {
    if (!isOpen) return;
    isOpen = false;
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  };
  closers.push(free);
  return free;
};
const sayUdp = async (text: string) => {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.send(text, udpPort, HERE, resolve));
  socket.close();
};
const sayTcp = (text: string) => {
  const socket = connect(tcpPort, HERE, () => socket.end(`${text}\n`));
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
};
const heard = () => {
  const said: { readonly event: string; readonly level: string; readonly fields: object }[] = [];
  const at =
    (level: string) =>
    (event: string, fields: object = {}) =>
      void said.push({ event, level, fields });
  return { said, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
};

describe('the listeners on an address that comes and goes', () => {
  it('wait for it to become free, and let go when told', async () => {
    const { kept, got } = two();
    const free = await holder();
    kept.want(true);
    await until(() => kept.listeners.length === 1);
    expect(kept.bound).toBe(false);
    await free();
    await until(() => kept.bound);
    await sayUdp('to the vip');
    await until(() => got.length === 1);
    expect(got[0]?.listener).toEqual({ kind: 'vip', address: HERE });
    kept.want(false);
    await until(() => !kept.bound && kept.listeners.length === 0);
    expect(kept.away).toEqual([]);
    await holder();
  });

  it('are opened each by itself: what one of them lacks is told by its name, and keeps no other closed', async () => {
    const { said, log } = heard();
    const { kept, texts } = two(log);
    const free = await holder();
    kept.want(true);
    await until(() => kept.listeners.length === 1 && kept.away.length === 1);
    sayTcp('by tcp');
    await until(() => texts().includes('by tcp'));
    expect(kept.away).toEqual([
      {
        ...{ protocol: 'udp', address: HERE, port: udpPort, listener: 'vip' },
        ...{ why: expect.stringContaining('another program does'), forMs: expect.any(Number) },
      },
    ]);
    await free();
    await until(() => kept.bound);
    expect(kept.away).toEqual([]);
    const named = { protocol: 'udp', address: HERE, port: udpPort, listener: 'vip' };
    const ofUdp = said.filter(({ fields }) => 'protocol' in fields && fields.protocol === 'udp');
    expect(ofUdp[0]).toMatchObject({ event: 'listener.waiting', level: 'info', fields: named });
    expect(ofUdp.at(-1)).toMatchObject({ event: 'listener.open', level: 'info', fields: named });
  });

  it('are told as a trouble once one is away for long, once and not at every try', async () => {
    const { said, log } = heard();
    const { kept } = two(log);
    await holder();
    kept.want(true);
    await until(() => said.some(({ level }) => level === 'error'));
    await pause(2_500);
    const errors = said.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ event: 'listener.away', fields: { protocol: 'udp', port: udpPort } });
    expect(said.filter(({ event }) => event === 'listener.waiting')).toHaveLength(1);
  });

  it('are tried no more once they are not wanted, or closed, also in the middle of a try', async () => {
    const free = await holder();
    const { kept } = two();
    kept.want(true);
    await until(() => kept.away.length === 1);
    kept.want(false);
    kept.want(true);
    kept.want(false);
    await free();
    await pause(300);
    expect([kept.listeners, kept.away]).toEqual([[], []]);
    kept.want(true);
    await kept.close();
    expect(kept.listeners).toEqual([]);
    await holder();
  });

  it('are opened again when one is gone that nobody closed here', async () => {
    const { said, log } = heard();
    const { kept, texts } = two(log);
    kept.want(true);
    await until(() => kept.bound);
    endListening(HERE, tcpPort);
    expect(listensTcp(HERE, tcpPort)).toBe(false);
    await until(() => said.some(({ event }) => event === 'listener.waiting'));
    await until(() => kept.bound);
    sayTcp('by the one that came after');
    await until(() => texts().includes('by the one that came after'));
    expect(said.find(({ event }) => event === 'listener.waiting')?.fields).toMatchObject({ protocol: 'tcp', port: tcpPort });
  });

  it('are left alone where the system shows no sockets', async () => {
    let opened = 0;
    const blind: Listener = {
      ...{ port: 1, kernelDrops: async () => null, isListening: () => false, close: async () => undefined },
      stats: () => {
        throw new Error('not asked');
      },
    };
    const at = { protocol: 'tcp', address: HERE, port: 1, listener: 'vip' } as const;
    const open = async () => {
      opened++;
      return blind;
    };
    const kept = new KeptListeners([{ ...at, open }], SILENT_LOG, 20);
    closers.push(() => kept.close());
    kept.want(true);
    await pause(500);
    expect([opened, kept.bound]).toEqual([1, true]);
  });
});

describe('the listeners on an address that is always there', () => {
  it('begin all at once, or say which one cannot and leave nothing open', async () => {
    const { kept } = two();
    const free = await holder();
    await expect(kept.begin()).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(`${udpPort}/udp`) });
    await kept.close();
    expect(listensTcp(HERE, tcpPort)).toBe(false);
    await free();
    const again = two();
    await again.kept.begin();
    expect(again.kept.bound).toBe(true);
    expect(listensTcp(HERE, tcpPort)).toBe(true);
  });
});
