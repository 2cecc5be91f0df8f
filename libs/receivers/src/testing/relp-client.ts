import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** A small RELP client, for specs: says what it is told and notes the answers. */
export class RelpClient {
  readonly socket: Socket;
  /** `txnr: first line of the answer`, in the order they came. */
  readonly answers: string[] = [];
  isClosed = false;
  #txnr = 0;
  #in = Buffer.alloc(0);

  constructor(to: { readonly host: string; readonly port: number; readonly localAddress?: string }, tls?: ConnectionOptions) {
    this.socket = tls === undefined ? connect(to) : connectTls({ ...to, checkServerIdentity: () => undefined, ...tls });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** @returns the number that its answer will carry. */
  say(command: string, data: string | Buffer = ''): number {
    const txnr = ++this.#txnr;
    const bytes = Buffer.from(data);
    this.socket.write(
      Buffer.concat([Buffer.from(`${txnr} ${command} ${bytes.length}${bytes.length > 0 ? ' ' : ''}`), bytes, Buffer.from('\n')]),
    );
    return txnr;
  }

  open(): void {
    this.say('open', 'relp_version=0\nrelp_software=spec,1.0\ncommands=syslog');
  }

  #read(chunk: Buffer): void {
    this.#in = Buffer.concat([this.#in, chunk]);
    for (;;) {
      const head = /^(\d+) (\w+) (\d+) ?/.exec(this.#in.toString('latin1', 0, 60));
      if (head === null) return;
      const end = head[0].length + Number(head[3]);
      if (this.#in.length < end + 1) return;
      const data = this.#in.toString('utf8', head[0].length, end);
      this.answers.push(`${head[1]}: ${head[2] === 'rsp' ? data.split('\n')[0] : head[2]}`);
      this.#in = this.#in.subarray(end + 1);
    }
  }
}
