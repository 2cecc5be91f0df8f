import { createServer, type Server } from 'node:net';

/** Listens for a while, and then not for a while, again and again: flapping.js <address> <port> <ms>. */
const [address = '', port = '', ms = ''] = process.argv.slice(2);

let server: Server | null = null;
function turn(): void {
  if (server === null) server = createServer((socket) => socket.end()).listen(Number(port), address);
  else {
    server.close();
    server = null;
  }
}
turn();
setInterval(turn, Number(ms));
