import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { initCluster } from '../init/index.js';
import type { CommandLine } from './command-line.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: a spec looks into bodies of every shape.
  readonly body: any;
}
export type Reply = readonly [status: number, body: unknown];

/** A Standby at the first address (127.0.THIRD.1) and a Master at the second, which answers what the specification says. */
export async function managers(cli: CommandLine, third: number, reply: (asked: Asked) => Reply): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const send = (response: ServerResponse, [status, body]: Reply) => response.writeHead(status).end(JSON.stringify(body));
  const listen = async (address: string, port: number, answer: (asked: Asked) => Reply) => {
    const server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const { method = '', url: path = '', headers } = request;
      send(response, answer({ method, path, headers, body: text === '' ? null : JSON.parse(text) }));
    });
    cli.keep(server);
    await new Promise<void>((done) => server.listen(port, address, done));
    return (server.address() as { port: number }).port;
  };
  const [first, second] = [`127.0.${third}.1`, `127.0.${third}.2`];
  const port = await listen(second, 0, (all) => {
    asked.push(all);
    return reply(all);
  });
  await listen(first, port, () => [503, { code: 'NOT_ACTIVE', message: 'this node is not the Master' }]);
  const members = [
    { id: 'a', kind: 'data' as const, address: first, zone: 'x' },
    { id: 'b', kind: 'data' as const, address: second, zone: 'y' },
  ];
  await initCluster(join(cli.dir, '.yosugara'), { clusterId: 'test', members, ports: { console: port }, consoleTls: false });
  return asked;
}
