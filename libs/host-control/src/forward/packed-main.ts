import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer as createNetServer, type Server } from 'node:net';
import { setPriority } from 'node:os';
import { dirname } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { onJsonLines, sendLine } from '../os/lines.js';
import { LineBucket } from './line-bucket.js';
import { contextOf } from './member-tls.js';
import type { FromPacked, PackedSetup, PackedWay } from './packed-child.js';
import { comeIn, OPEN, out } from './packed-ends.js';

/** Both ends of a packed line. It ends with its parent (end of standard input), and all its connections with it. */
const AGAIN_MS = 100;
/** Whether the way in is still there is looked at so often: a data directory that is emptied takes it along. */
const LOOK_MS = 1_000;
const HANDSHAKE_MS = 2_000;
const MAX_CONNECTIONS = 32;
/** No commit waits for a copy in another site, and packing gives way to what they wait for. */
const NICE = 5;

const say = (message: FromPacked): void => sendLine(process.stdout, message);

onJsonLines<PackedSetup>(process.stdin, (setup) => {
  const bucket = setup.bytesPerSecond === null ? null : new LineBucket(setup.bytesPerSecond);
  for (const way of setup.ways) open(way, setup, bucket);
  if (setup.door !== null) openDoor(setup, setup.door);
});
setPriority(NICE);
// A host that goes down tells everybody to end: the controller still needs us while it hands over, and ends us by this pipe.
process.on('SIGTERM', () => {});
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));

/** A socket for this host's PostgreSQL, made anew whenever it is gone. */
function open(way: PackedWay, setup: PackedSetup, bucket: LineBucket | null): void {
  let told = '';
  let server: Server | null = null;
  let listensAt: number | null = null;
  const waiting = (why: string): void => {
    if (why !== told) say({ waiting: why, at: way.socket });
    told = why;
  };
  const anew = (): Server => {
    const next = createNetServer({ allowHalfOpen: true }, (client) => out(client, way, setup, bucket, say));
    next.maxConnections = MAX_CONNECTIONS;
    next.on('error', (error: NodeJS.ErrnoException) => waiting(error.code ?? error.message));
    next.on('listening', () => {
      chmodSync(way.socket, 0o666); // Its folder keeps everybody else away.
      listensAt = inodeOf(way.socket);
      told = '';
      say({ listening: way.node });
    });
    return next.listen(way.socket);
  };
  const look = (): void => {
    if (listensAt !== null && listensAt === inodeOf(way.socket)) return;
    listensAt = null;
    // Who is connected stays; its file goes with it, so it goes first.
    server?.close();
    server = null;
    try {
      prepare(way);
      server = anew();
    } catch (error) {
      waiting((error as NodeJS.ErrnoException).code ?? String(error));
    }
  };
  look();
  setInterval(look, LOOK_MS);
}

/** The folder above is PostgreSQL's own, and it makes that itself. */
function prepare({ socket, owner }: PackedWay): void {
  const folder = dirname(socket);
  try {
    mkdirSync(folder, { mode: 0o700 });
    if (owner !== null) chownSync(folder, owner.uid, owner.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  rmSync(socket, { force: true });
}

function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

function openDoor(setup: PackedSetup, { listen }: NonNullable<PackedSetup['door']>): void {
  const server = createTlsServer(
    { ...OPEN, ...contextOf(setup), requestCert: true, rejectUnauthorized: true, handshakeTimeout: HANDSHAKE_MS },
    (line) => comeIn(line, setup, say),
  );
  server.maxConnections = MAX_CONNECTIONS;
  // Before the handshake of the connection at hand: TLS itself listens for it, too.
  server.prependListener('connection', () => {
    try {
      server.setSecureContext(contextOf(setup));
    } catch (error) {
      // Renewed at this very moment: the one before is good still.
      say({ failed: String(error), node: null });
    }
  });
  server.on('tlsClientError', (error, socket) => {
    say({ failed: `${socket.remoteAddress ?? '?'}: ${error.message}`, node: null });
    socket.destroy();
  });
  knock(server, listen);
}

/** Until the address is here and free. */
function knock(server: Server, { host, port }: { readonly host: string; readonly port: number }): void {
  let told = '';
  server.on('error', (error: NodeJS.ErrnoException) => {
    const why = error.code ?? error.message;
    if (why !== told) say({ waiting: why, at: `${host}:${port}` });
    told = why;
    setTimeout(() => server.listen(port, host), AGAIN_MS);
  });
  server.on('listening', () => say({ listening: `${host}:${port}` }));
  server.listen(port, host);
}
