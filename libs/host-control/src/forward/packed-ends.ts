import { connect as connectSocket, type Socket } from 'node:net';
import { type Duplex, PassThrough, pipeline, type Transform } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import type { LineBucket } from './line-bucket.js';
import { contextOf, isRevoked, strangerIn } from './member-tls.js';
import { Paced } from './paced.js';
import type { FromPacked, PackedSetup, PackedWay } from './packed-child.js';

/* The two ends of a packed line: what PostgreSQL says to a copy goes packed, what the copy says (acknowledgements) as it is. */

/** Whole messages are seen at once, so each piece is flushed: it costs a third of a percent of the ratio (docs/decisions/0056). */
const PACKING = { flush: constants.ZSTD_e_flush, params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** 8 MiB: sixteen times what level 1 looks back. */
const UNPACKING = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };
const CONNECT_MS = 2_000;
/** Half open: whoever has said all that he had still hears the rest, and the other way round. */
export const OPEN = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 1_000 } as const;
/** Whether the other end is still a member is looked at so often. */
const LOOK_MS = 500;

type Say = (message: FromPacked) => void;

/** The end of the copy: what its PostgreSQL says goes to the Master's end, what comes back is unpacked. */
export function out(client: Socket, way: PackedWay, setup: PackedSetup, bucket: LineBucket | null, say: Say): void {
  const fail = (why: string): void => {
    say({ failed: why, node: way.node });
    client.destroy();
  };
  // Refused and gone before it was connected: nobody is told.
  client.on('error', () => {});
  let line: TLSSocket;
  try {
    line = connectTls({
      ...{ ...OPEN, ...way.to, localAddress: way.from, ...contextOf(setup) },
      checkServerIdentity: () => undefined,
    });
  } catch (error) {
    return fail(explained(error));
  }
  const late = setTimeout(() => line.destroy(new Error(`no answer within ${CONNECT_MS} ms`)), CONNECT_MS);
  const failed = (error: Error): void => fail(`${way.to.host} port ${way.to.port}: ${error.message}`);
  line.once('error', failed);
  line.once('close', () => clearTimeout(late));
  client.once('close', () => line.destroy());
  line.once('secureConnect', () => {
    clearTimeout(late);
    line.off('error', failed);
    const why = strangerIn(line, [way.node], setup);
    if (why !== null) {
      line.destroy();
      return fail(why);
    }
    const unpack = createZstdDecompress(UNPACKING);
    const paced = bucket === null ? new PassThrough() : new Paced(bucket);
    const carried = () => ({ bytes: client.bytesWritten, packedBytes: line.bytesRead });
    joined({ node: way.node, near: client, line, setup, toNear: [paced, unpack], toLine: [], carried }, say);
  });
}

/** The Master's end: who shows a member's certificate that is expected here speaks to this host's PostgreSQL, which asks for a password as ever. */
export function comeIn(line: TLSSocket, setup: PackedSetup, say: Say): void {
  const { door } = setup;
  line.on('error', () => {});
  const why = door === null ? 'nobody is expected' : strangerIn(line, door.nodes, setup);
  if (door === null || why !== null) {
    say({ failed: why ?? '', node: null });
    return void line.destroy();
  }
  const node = String(line.getPeerCertificate().subject.CN);
  const near = connectSocket({ path: door.to, allowHalfOpen: true });
  const failed = (error: Error): void => {
    say({ failed: `${door.to}: ${error.message}`, node });
    line.destroy();
  };
  near.once('error', failed);
  line.once('close', () => near.destroy());
  near.once('connect', () => {
    near.off('error', failed);
    const carried = () => ({ bytes: near.bytesRead, packedBytes: line.bytesWritten });
    joined({ node, near, line, setup, toNear: [], toLine: [createZstdCompress(PACKING)], carried }, say);
  });
}

interface Joint {
  readonly node: string;
  readonly near: Socket;
  readonly line: TLSSocket;
  readonly setup: PackedSetup;
  readonly toNear: readonly Transform[];
  readonly toLine: readonly Transform[];
  /** Bytes towards the copy: as PostgreSQL said them, and as the line carried them. */
  carried(): { readonly bytes: number; readonly packedBytes: number };
}

/** Until one of both ends; whoever said all that he had is heard to the end. */
function joined({ node, near, line, setup, toNear, toLine, carried }: Joint, say: Say): void {
  const looks = setInterval(() => isRevoked(node, setup) && line.destroy(), LOOK_MS);
  const ended = (error: NodeJS.ErrnoException | null | undefined): void => {
    if (error && isDisorder(error)) say({ failed: error.message, node });
  };
  near.on('error', () => {});
  line.on('error', () => {});
  flow([line, ...toNear, near], ended);
  flow([near, ...toLine, line], ended);
  line.once('close', () => {
    clearInterval(looks);
    const { bytes, packedBytes } = carried();
    if (bytes === 0) say({ failed: 'the other end said nothing and went', node });
    else say({ carried: node, bytes, packedBytes });
  });
}

const flow = (through: readonly (Duplex | Transform)[], ended: (error: NodeJS.ErrnoException | null | undefined) => void): void =>
  void pipeline(through as [Duplex, Duplex], ended);

/** PostgreSQL ends its sessions as it likes; what was no packed stream is another thing. */
const isDisorder = ({ code }: NodeJS.ErrnoException): boolean =>
  code?.startsWith('ZSTD_') === true || code === 'ERR_INVALID_ARG_VALUE';

const explained = (error: unknown): string => (error instanceof Error ? error.message : String(error));
