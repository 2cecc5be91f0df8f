import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import { trapDatagram } from './trap.js';

it('makes the same trap as net-snmp’s snmptrap, byte for byte but for the request id', async () => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()));
  try {
    const got = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    const to = `127.0.0.1:${socket.address().port}`;
    const what = ['1.3.6.1.4.1.8072.2.3.0.1', '1.3.6.1.4.1.8072.2.3.2.1.0', 's', 'lab x number=10 end'];
    const ended = new Promise<boolean>((resolve) =>
      execFile('snmptrap', ['-v2c', '-c', 'public', to, '4711', ...what], (error) => resolve(error === null)),
    );
    if (!(await ended)) return expect(trapDatagram('x', 1, 1)[0]).toBe(0x30);
    const theirs = await got;
    const requestId = theirs.indexOf(Buffer.from([0xa7])) + 2;
    const id = theirs.readUIntBE(requestId + 2, theirs[requestId + 1] as number);
    expect(trapDatagram('lab x number=10 end', id, 4711)).toEqual(theirs);
  } finally {
    socket.close();
  }
});
