import { connect, createServer, type Server, type Socket } from 'node:net';
import { onJsonLines, sendLine } from '../os/lines.js';
import type { ForwarderSetup, FromForwarder, Way } from './forwarder-child.js';
import { LineBucket } from './line-bucket.js';
import { Paced } from './paced.js';

/** Forwards TCP ports. It ends with its parent (end of standard input), and all its connections with it. */
const RETRY_MS = 100;
const CONNECT_MS = 2_000;
const KEEP_ALIVE_MS = 1_000;
const MAX_CONNECTIONS = 500;
const RETRIED = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);
const OPEN = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS } as const;
const say = (message: FromForwarder) => sendLine(process.stdout, message);

onJsonLines<ForwarderSetup>(process.stdin, ({ ways, bytesPerSecond }) => {
  const bucket = bytesPerSecond === null ? null : new LineBucket(bytesPerSecond);
  for (const way of ways) {
    const server = createServer(OPEN, (client) => forward(client, way, bucket));
    server.maxConnections = MAX_CONNECTIONS;
    listen(server, way);
  }
});
// A host that goes down tells everybody to end: the controller still needs us while it hands over, and ends us by this pipe.
process.on('SIGTERM', () => {});
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));

function listen(server: Server, { listen: where }: Way): void {
  let told = false;
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (!RETRIED.has(error.code ?? '')) throw error;
    // The former holder is being killed, or the address is on its way.
    if (!told) say({ waiting: error.code!, at: where });
    told = true;
    setTimeout(() => server.listen(where.port, where.host), RETRY_MS);
  });
  server.on('listening', () => say({ listening: where }));
  server.listen(where.port, where.host);
}

function forward(client: Socket, { to, from }: Way, bucket: LineBucket | null): void {
  const target = connect({ ...OPEN, ...to, ...(from === undefined ? {} : { localAddress: from }) });
  const timer = setTimeout(() => target.destroy(new Error('no answer')), CONNECT_MS);
  target.once('connect', () => clearTimeout(timer));
  target.once('close', () => clearTimeout(timer));
  client.once('close', () => clearTimeout(timer));
  pass(client, target, null);
  pass(target, client, bucket === null ? null : new Paced(bucket));
}

function pass(source: Socket, sink: Socket, paced: Paced | null): void {
  source.on('error', () => sink.destroy());
  // Whoever said all that he had is heard to the end, also where it is held back.
  source.on('close', () => source.readableEnded || sink.destroySoon());
  sink.on('close', () => paced?.destroy());
  if (paced === null) source.pipe(sink);
  else source.pipe(paced).pipe(sink);
}
