import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

type ServerOptions = NonNullable<ConstructorParameters<typeof SMTPServer>[0]>;

/** A mail server that remembers who came. */
export class CountingServer {
  readonly mails: string[] = [];
  opened = 0;
  mostAtOnce = 0;
  readonly #server: SMTPServer;

  /** @param hold called with a mail before it is taken. */
  constructor(options: ServerOptions = {}, hold: (text: string) => Promise<void> = async () => undefined) {
    this.#server = new SMTPServer({
      ...{ authOptional: true, disabledCommands: ['STARTTLS'], logger: false, disableReverseLookup: true, closeTimeout: 50 },
      onConnect: (_, done) => {
        this.opened++;
        this.mostAtOnce = Math.max(this.mostAtOnce, this.open);
        done();
      },
      onData: (stream, _, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          hold(text).then(
            () => {
              this.mails.push(text);
              done();
            },
            (error: Error) => done(error),
          );
        });
      },
      ...options,
    });
    // Connections that the specs cut off.
    this.#server.on('error', () => undefined);
  }

  get open(): number {
    return this.#server.connections.size;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** Cuts off all that are there. */
  cut(): void {
    for (const each of this.#server.connections) each.close();
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
