import { connect, createServer, type Socket } from 'node:net';

export interface CommitProxy {
  readonly host: string;
  readonly port: number;
  /** From now on nobody hears that a transaction was committed. Resolves when the first COMMIT was sent on. */
  silenceCommits(): Promise<void>;
  close(): Promise<void>;
}

/** Stands before a PostgreSQL, so that whoever writes through it can die between the commit and its answer. */
export async function startCommitProxy(to: { readonly host: string; readonly port: number }): Promise<CommitProxy> {
  const sockets = new Set<Socket>();
  let silenced: (() => void) | null = null;
  const server = createServer((inside) => {
    const outside = connect(to.port, to.host);
    let isDeaf = false;
    inside.on('data', (bytes: Buffer) => {
      if (silenced !== null && bytes.includes('commit')) {
        isDeaf = true;
        silenced();
      }
      outside.write(bytes);
    });
    outside.on('data', (bytes) => isDeaf || inside.write(bytes));
    for (const [one, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    ...{ host: '127.0.0.1', port },
    silenceCommits: async () =>
      await new Promise<void>((resolve) => {
        silenced = resolve;
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
