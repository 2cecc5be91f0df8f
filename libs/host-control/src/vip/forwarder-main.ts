import { connect, createServer, type Server, type Socket } from 'node:net';
import { onJsonLines, sendLine } from '../os/lines.js';
import type { ForwarderSetup, FromForwarder } from './bind.js';

/** Forwards one TCP port. It ends with its parent (end of standard input), and all its connections with it. */
const RETRY_MS = 100;
const CONNECT_MS = 2_000;
const MAX_CONNECTIONS = 500;
const RETRIED = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);
const say = (message: FromForwarder) => sendLine(process.stdout, message);

onJsonLines<ForwarderSetup>(process.stdin, (setup) => {
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (client) => forward(client, setup.to));
  server.maxConnections = MAX_CONNECTIONS;
  listen(server, setup);
});
// A host that goes down tells everybody to end: the controller still needs us while it hands over, and ends us by this pipe.
process.on('SIGTERM', () => {});
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));

function listen(server: Server, { listen: where }: ForwarderSetup): void {
  let told = false;
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (!RETRIED.has(error.code ?? '')) throw error;
    // The former holder is being killed, or the address is on its way.
    if (!told) say({ waiting: error.code! });
    told = true;
    setTimeout(() => server.listen(where.port, where.host), RETRY_MS);
  });
  server.on('listening', () => say({ listening: true }));
  server.listen(where.port, where.host);
}

function forward(client: Socket, to: ForwarderSetup['to']): void {
  const target = connect({ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true, keepAlive: true });
  const timer = setTimeout(() => target.destroy(new Error('no answer')), CONNECT_MS);
  target.once('connect', () => clearTimeout(timer));
  const [one, other] = [client, target];
  for (const [from, into] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => into.destroy());
    from.on('close', () => {
      clearTimeout(timer);
      into.destroySoon();
    });
    from.pipe(into);
  }
}
