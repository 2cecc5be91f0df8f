import { createSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';

export interface TestServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A TCP server that does to each connection what it is told, for what no honest daemon says. */
export async function serveTcp(each: (socket: Socket) => void): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    each(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { readonly port: number }).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function serveUdp(answer: (question: Buffer) => readonly Uint8Array[]): Promise<TestServer> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    for (const one of answer(question)) socket.send(one, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    close: async () => await new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
