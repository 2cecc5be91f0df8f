import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below what Linux gives out by itself (ip(7): ip_local_port_range begins at 32768): whoever asks for port 0, or dials out, gets
 * none of these between our look and the start of the program that shall listen there.
 */
const [FIRST, COUNT] = [10_000, 22_000];
/** Processes that run beside each other begin apart, and look at each other's seldom. */
let next = (process.pid * 97) % COUNT;

/** TCP and UDP ports that nobody listens on, at any address of this host; all different. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let looks = 0; found.length < count; looks++) {
    if (looks === COUNT) throw new Error(`no ${count} free ports from ${FIRST} to ${FIRST + COUNT - 1}`);
    next = (next + 1) % COUNT;
    // While we look, somebody else may ask.
    const port = FIRST + next;
    if ((await isFree(port)) && (await isGivenToUs(port))) found.push(port);
  }
  return found;
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

async function isFree(port: number): Promise<boolean> {
  const tcp = new Promise<boolean>((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
  const udp = new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4').once('error', () => socket.close(() => resolve(false)));
    socket.bind(port, '0.0.0.0', () => socket.close(() => resolve(true)));
  });
  return (await tcp) && (await udp);
}

/**
 * A name in the kernel (unix(7): abstract, of this network namespace like the port itself) that goes with this process: until what it
 * starts listens on the port, a look at the port alone would find it free. Elsewhere than on Linux there is no such name.
 */
async function isGivenToUs(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  return await new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.unref().listen(`\0yosugara-port-${port}`, () => resolve(true));
  });
}
