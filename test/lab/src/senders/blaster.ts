import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { messageText } from '../client/plan.js';
import { monotonicMs } from '../host/shell.js';

/**
 * Numbered lines over one TCP connection (octet counting), as fast as the receiver reads them or at a rate:
 * blaster.js <address> <port> <tag> <count> <a second; 0 = as fast as it goes>. Ends when the receiver has taken all of them.
 */
const [address = '', port = '', tag = '', count = '', perSecond = ''] = process.argv.slice(2);
const CHUNK = 500;
const TICK_MS = 20;

const socket = connect({ host: address, port: Number(port) });
await once(socket, 'connect');
const beganMs = monotonicMs();
const due = () => {
  const all = Number(count);
  return Number(perSecond) === 0 ? all : Math.min(all, Math.floor(((monotonicMs() - beganMs) * Number(perSecond)) / 1000));
};
for (let sent = 0; sent < Number(count); ) {
  const through = Math.min(sent + CHUNK, due());
  if (through === sent) {
    await delay(TICK_MS);
    continue;
  }
  let lines = '';
  for (sent++; sent <= through; sent++) {
    const line = `<134>1 ${new Date().toISOString()} blaster lab - - - ${messageText(tag, sent)}`;
    lines += `${line.length} ${line}`;
  }
  sent--;
  if (!socket.write(lines)) await once(socket, 'drain');
}
socket.end();
// The receiver closes its side when it has read everything.
socket.resume();
await once(socket, 'close');
