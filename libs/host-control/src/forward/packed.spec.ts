import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { CERTIFICATE_FILES, type NodeConfig } from '@yosugara/protocol';
import { eventually, freePort } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tlsFiles } from '../postgres/secrets.js';
import { buildChildPrograms } from '../testing/build.js';
import { Testbed } from '../testing/testbed.js';
import { BURST_MS } from './line-bucket.js';
import { type FromPacked, PackedChild, type PackedSetup } from './packed-child.js';

/* Both ends as programs of their own, on loopback addresses; in the place of PostgreSQL a server and a client of ours. */

let bed: Testbed;
beforeAll(async () => {
  buildChildPrograms();
  bed = await Testbed.open({ tls: true });
});
afterAll(() => bed.close());
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const addressOf = (config: NodeConfig) => config.cluster.members.find(({ id }) => id === config.node)!.address;

function setupOf(node: 'a' | 'b', more: Partial<PackedSetup>): PackedSetup {
  const config = bed.config(node);
  return {
    identity: { ...tlsFiles(config)!, revoked: join(config.stateDir, CERTIFICATE_FILES.revoked) },
    members: config.cluster.members.map(({ id, peerId }) => ({ id, peerId })),
    ...{ ways: [], bytesPerSecond: null, door: null },
    ...more,
  };
}

/** @returns what it said, as it comes. */
async function started(setup: PackedSetup): Promise<readonly FromPacked[]> {
  const said: FromPacked[] = [];
  const child = new PackedChild(setup, (message) => said.push(message));
  undo.push(() => child.stop());
  child.start();
  await eventually('it listens', () => said.some((message) => 'listening' in message));
  return said;
}

interface Opened {
  /** As the copy's PostgreSQL would come. */
  client(): Socket;
  readonly socket: string;
  readonly door: { readonly host: string; readonly port: number };
  readonly near: readonly FromPacked[];
  readonly far: readonly FromPacked[];
}

/** A packed line from b to a. @param serve what a's server does. @param nodes whom a lets in. @param to whom b looks for. */
async function opened(
  serve: (socket: Socket) => void,
  { bytesPerSecond = null, nodes = ['b'], to = 'a' }: { bytesPerSecond?: number | null; nodes?: string[]; to?: string } = {},
): Promise<Opened> {
  const folder = join(bed.root, `line-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder);
  const server: Server = createServer(serve);
  server.listen(join(folder, 'server'));
  await once(server, 'listening');
  undo.push(() => server.close());
  const [a, b] = [bed.config('a'), bed.config('b')];
  const door = { host: addressOf(a), port: await freePort() };
  const near = await started(setupOf('a', { door: { listen: door, nodes, to: join(folder, 'server') } }));
  const socket = join(folder, 'to-a', 'socket');
  const way = { node: to, socket, owner: null, to: door, from: addressOf(b) };
  const far = await started(setupOf('b', { ways: [way], bytesPerSecond }));
  const client = (): Socket => {
    const made = connect(socket).on('error', () => {});
    undo.push(() => made.destroy());
    return made;
  };
  return { client, socket, door, near, far };
}

/** In order or not. */
const gone = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

/** All that comes until the end. */
async function heardBy(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece as Buffer));
  await gone(socket);
  return Buffer.concat(pieces);
}
const failures = (said: readonly FromPacked[]): readonly string[] =>
  said.flatMap((message) => ('failed' in message ? [message.failed] : []));

describe('a packed line', () => {
  it('brings all that the server says, to its last word, in a quarter of the bytes where the text is that of messages', async () => {
    const text = Buffer.from(
      Array.from(
        { length: 20_000 },
        (_, n) => `<13>1 2026-11-23T03:00:00Z host${n % 40} app ${n} - - disk ${n * 7919} is at ${n % 97} %`,
      ).join('\n'),
    );
    const line = await opened((socket) => socket.end(text));
    expect((await heardBy(line.client())).equals(text)).toBe(true);
    const carried = await eventually('it says what it carried', () => line.near.find((message) => 'carried' in message));
    expect(carried).toMatchObject({ carried: 'b', bytes: text.length });
    expect((carried as { packedBytes: number }).packedBytes).toBeLessThan(text.length / 4);
  });

  it('holds nothing back: an answer is heard before anything else is said', async () => {
    const line = await opened((socket) => void socket.on('data', (piece) => socket.write(`${piece}!`)));
    const client = line.client();
    for (const word of ['one', 'two', 'three']) {
      client.write(word);
      const [answer] = await once(client, 'data');
      expect(String(answer)).toBe(`${word}!`);
    }
  });

  it('carries no more at any time than its bound, counted as it is on the line', async () => {
    const bytesPerSecond = 500_000;
    const noise = randomBytes(300_000);
    const line = await opened((socket) => socket.end(noise), { bytesPerSecond });
    const beganMs = performance.now();
    let [came, tooMuch] = [0, 0];
    const client = line.client().on('data', (piece) => {
      came += piece.length;
      tooMuch = Math.max(tooMuch, came - (bytesPerSecond * (performance.now() - beganMs + BURST_MS)) / 1_000);
    });
    await gone(client);
    expect(came).toBe(noise.length);
    expect(tooMuch).toBe(0);
  });

  it('lets in nobody but the members that are expected, and says who came', async () => {
    const line = await opened((socket) => socket.end('secret'), { nodes: ['w'] });
    expect(await heardBy(line.client())).toHaveLength(0);
    await eventually('it says so', () =>
      failures(line.near).some((why) => /shows the certificate of "b", expected is "w"/.test(why)),
    );
  });

  it('speaks to nobody but the member that it looks for', async () => {
    const line = await opened((socket) => socket.end('secret'), { to: 'w' });
    expect(await heardBy(line.client())).toHaveLength(0);
    // By a way of its own: it may come behind the end of the connection.
    await eventually('it says so', () => failures(line.far).length > 0);
    expect(failures(line.far)).toEqual([expect.stringMatching(/shows the certificate of "a", expected is "w"/)]);
  });

  it('lets in nobody without a certificate, and nobody who does not speak as it does', async () => {
    const line = await opened((socket) => socket.end('secret'));
    const { key, cert, ca } = setupOf('b', {}).identity;
    const own = { key: readFileSync(key), cert: readFileSync(cert) };
    for (const shown of [{}, own]) {
      const stranger = connectTls({ ...line.door, ...shown, ca: readFileSync(ca), checkServerIdentity: () => undefined });
      stranger.on('error', () => {});
      expect(await heardBy(stranger)).toHaveLength(0);
    }
    await eventually('it says why', () => failures(line.near).length >= 2);
  });

  it('cuts a member that is revoked, and lets it in no more', async () => {
    const line = await opened((socket) => socket.write('welcome'));
    const client = line.client();
    await once(client, 'data');
    const { revoked } = setupOf('a', {}).identity;
    mkdirSync(dirname(revoked), { recursive: true });
    const entry = { node: 'b', peerId: 'peer-b', at: '2026-11-23T03:00:00.000Z', by: 'ops' };
    writeFileSync(revoked, JSON.stringify([entry]));
    undo.push(() => rmSync(revoked));
    await gone(client);
    expect(await heardBy(line.client())).toHaveLength(0);
    await eventually('it says so', () => failures(line.near).includes('b is revoked'));
  });

  it('opens its socket anew when its folder was taken away', async () => {
    const line = await opened((socket) => socket.end('here'));
    rmSync(dirname(line.socket), { recursive: true });
    const again = await eventually('it is there again', async () => {
      const heard = await heardBy(line.client());
      return heard.length > 0 && heard;
    });
    expect(String(again)).toBe('here');
  });

  it('ends what was begun when the other end goes, and says why nothing comes where nobody listens', async () => {
    const line = await opened((socket) => socket.destroy());
    await gone(line.client());
    const nobody = await freePort();
    const socket = join(bed.root, 'to-nobody', 'socket');
    const way = { node: 'a', socket, owner: null, to: { host: line.door.host, port: nobody }, from: addressOf(bed.config('b')) };
    const said = await started(setupOf('b', { ways: [way] }));
    await gone(connect(socket).on('error', () => {}));
    await eventually('it says so', () => failures(said).some((why) => why.includes('ECONNREFUSED')));
  });
});
