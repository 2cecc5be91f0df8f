import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { PROBLEM_TYPE } from '@yosugara/protocol';
import type { ConsoleTls } from './console-tls.js';
import { problemOf } from './errors.js';

/** First byte of every TLS connection: a record of a handshake (RFC 8446 5.1). */
const HANDSHAKE = 22;
/** Until the first byte, and for a handshake. */
const HANDSHAKE_MS = 10_000;
/** A plain request is answered once; whoever takes longer is sent away. */
const PLAIN_MS = 5_000;
const LOOK_EVERY_MS = 5_000;
const HOST = /^(?:[a-z0-9][a-z0-9.-]{0,252}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * https, with what `tls` has now: connections that are open keep the certificate that they began with. Whoever speaks plain http here is told where https
 * is: a page by a redirect, a program by an error, so that none goes on sending its secrets in the clear. null: there is no certificate that can be used.
 */
export function createTlsServer(
  tls: ConsoleTls,
  times: ServerOptions,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): HttpsServer | null {
  const first = tls.shown();
  if (first === null) return null;
  const server = createHttpsServer(
    {
      ...{ ...times, ...first, handshakeTimeout: HANDSHAKE_MS },
      SNICallback: (name, done) => done(null, tls.contextFor(name)),
    },
    handler,
  );
  let shown = first;
  const look = () => {
    const now = tls.shown();
    if (now === null || now === shown) return;
    shown = now;
    server.setSecureContext(now);
  };
  const sockets = new Set<Socket>();
  const plain = plainServer();
  // https listens on its own; what it does with a connection is done by hand after a look at its first byte.
  const secure = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    atFirstByte(socket, (byte) => {
      if (byte !== HANDSHAKE) plain.emit('connection', socket);
      else for (const begin of secure) begin.call(server, socket);
    });
  });
  server.once('listening', () => {
    const timer = setInterval(look, LOOK_EVERY_MS);
    timer.unref();
    server.once('close', () => clearInterval(timer));
  });
  // Node's own knows only connections whose handshake is over.
  server.closeAllConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return server;
}

function atFirstByte(socket: Socket, then: (byte: number) => void): void {
  const deadline = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
  const failed = () => socket.destroy();
  socket.on('error', failed);
  socket.once('close', () => clearTimeout(deadline));
  socket.once('data', (chunk: Buffer) => {
    clearTimeout(deadline);
    socket.pause();
    socket.unshift(chunk);
    socket.removeListener('error', failed);
    then(chunk[0] ?? 0);
    process.nextTick(() => socket.resume());
  });
}

function plainServer(): Server {
  const server = createServer((request, response) => {
    const { method = '', url = '/', headers } = request;
    const host = headers.host ?? '';
    const isPage = (method === 'GET' || method === 'HEAD') && !/^\/(?:api|metrics)(?:[/?]|$)/.test(url);
    response.setHeader('connection', 'close');
    response.setHeader('cache-control', 'no-store');
    if (isPage && HOST.test(host) && url.startsWith('/')) {
      response.writeHead(308, { location: `https://${host}${url}` }).end();
      return;
    }
    const told = problemOf(400, { code: 'HTTPS_NEEDED', message: 'this port speaks https: ask the same of https://' });
    response.writeHead(400, { 'content-type': PROBLEM_TYPE }).end(JSON.stringify(told));
  });
  server.on('connection', (socket: Socket) => {
    const deadline = setTimeout(() => socket.destroy(), PLAIN_MS);
    socket.once('close', () => clearTimeout(deadline));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}
