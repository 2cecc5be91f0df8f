import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { berInteger, readV3, tlv, V3Flag, writeV3 } from '@yosugara/operations';
import { RelpFramer } from '@yosugara/receivers';
import type { Asker } from './open-loop.js';
import { type Engine, requestIdOf, v2cMaker, v3Maker } from './trap-packets.js';

interface Place {
  readonly address: string;
  readonly port: number;
}

const SOCKETS = 8;
const DISCOVERY_MS = 5_000;
const MESSAGE_BYTES = 200;
const NO_ANSWER = () => undefined;

/** RELP over one connection, as one rsyslog has it. */
export async function relpAsker({ address, port }: Place): Promise<Asker> {
  const socket = connect({ host: address, port, noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  const framer = new RelpFramer(65_536);
  const say = (txnr: number, command: string, data: string) => socket.write(`${txnr} ${command} ${data.length} ${data}\n`);
  const opened = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      framer.push(chunk);
      for (let frame = framer.next(); frame !== null; frame = framer.next()) {
        if (frame === 'broken') return void socket.destroy(new Error('no RELP came back'));
        if (frame.txnr === 1) resolve();
        else if (frame.data.toString('latin1', 0, 3) === '200') asker.onAnswer(frame.txnr - 2);
      }
    });
  });
  const asker: Asker = {
    onAnswer: NO_ANSWER,
    ask: (at) =>
      say(at + 2, 'syslog', `<13>1 2026-11-21T10:14:15.003Z web07 bench 4711 ID47 - n=${at} `.padEnd(MESSAGE_BYTES, 'x')),
    close: () => socket.destroy(),
  };
  say(1, 'open', 'relp_version=0\nrelp_software=bench,1\ncommands=syslog');
  await opened;
  return asker;
}

/** INFORMs from several sockets, each with a request-id of its own; v3 to the engine that was discovered. */
export async function informAsker(version: 'v2c' | 'v3', place: Place): Promise<Asker> {
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => connected(place)));
  const engine = version === 'v3' ? await discovered(sockets[0]!) : null;
  const maker = engine === null ? v2cMaker('inform') : v3Maker('inform', engine);
  const idAt = maker.idAt;
  const asker: Asker = {
    onAnswer: NO_ANSWER,
    ask: (at) => sockets[at % SOCKETS]!.send(maker.make(at)),
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
  for (const socket of sockets)
    socket.on('message', (answer) =>
      asker.onAnswer((engine === null ? answer.readUInt32BE(idAt) : readV3(answer).msgId) - requestIdOf(0)),
    );
  return asker;
}

async function connected({ address, port }: Place): Promise<Socket> {
  const socket = createSocket('udp4');
  const done = once(socket, 'connect');
  socket.connect(port, address);
  await done;
  socket.on('error', () => undefined);
  return socket;
}

/** RFC 3414 section 4: with an empty engine id the engine says who it is, and its clock. */
async function discovered(socket: Socket): Promise<Engine> {
  const nothing = tlv(0xa0, berInteger(1), berInteger(0), berInteger(0), tlv(0x30));
  const { raw } = writeV3({
    ...{ msgId: 1, maxSize: 65_507, flags: V3Flag.reportable, engineId: new Uint8Array(), boots: 0, time: 0 },
    ...{ user: new Uint8Array(), privParams: new Uint8Array(), authLength: 0 },
    data: tlv(0x30, tlv(0x04), tlv(0x04), nothing),
  });
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(DISCOVERY_MS) });
  socket.send(raw);
  const { engineId, boots, time } = readV3((await answered)[0] as Buffer);
  return { id: Uint8Array.from(engineId), boots, time };
}
