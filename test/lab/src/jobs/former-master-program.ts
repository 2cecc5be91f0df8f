import { createInterface } from 'node:readline';
import { createServer, type TLSSocket } from 'node:tls';
import type { FromAgent, StartInstruction, ToAgent } from '@yosugara/protocol';
import type { FormerMasterOrder, FormerMasterSaid } from './former-master.js';

const PING_MS = 1_000;

/** Who came, by their names. */
const agents = new Map<string, TLSSocket>();
let starts: Readonly<Record<string, readonly StartInstruction[]>> | null = null;
const said: FormerMasterSaid = { agents: 0, said: 0, answered: 0 };

process.on('message', (order: FormerMasterOrder) => {
  if (order.do === 'listen') listen(order);
  else {
    starts = order.starts;
    for (const agent of agents.keys()) speak(agent);
  }
});
process.on('disconnect', () => process.exit(0));

function listen({ port, key, certificate }: Extract<FormerMasterOrder, { do: 'listen' }>): void {
  const server = createServer({ key, cert: certificate, minVersion: 'TLSv1.3' });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    const pings = setInterval(() => say(socket, { say: 'ping' }), PING_MS);
    socket.once('close', () => clearInterval(pings));
    createInterface({ input: socket }).on('line', (line) => hear(socket, JSON.parse(line) as FromAgent));
  });
  server.listen(port, '0.0.0.0', () => process.send?.(said));
}

function hear(socket: TLSSocket, saying: FromAgent): void {
  if (saying.say === 'hello') {
    agents.set(saying.agent, socket);
    speak(saying.agent);
  } else if (saying.say === 'state') report({ answered: said.answered + 1 });
}

/** Once to each. */
function speak(agent: string): void {
  const mine = starts?.[agent];
  const socket = agents.get(agent);
  if (mine === undefined || socket === undefined) return;
  starts = { ...starts, [agent]: [] };
  for (const each of mine) say(socket, each);
  if (mine.length > 0) report({ agents: said.agents + 1, said: said.said + mine.length });
}

function report(change: Partial<FormerMasterSaid>): void {
  Object.assign(said, change);
  process.send?.(said);
}

function say(socket: TLSSocket, saying: ToAgent): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(saying)}\n`);
}
