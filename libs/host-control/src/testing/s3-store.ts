import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Daemons, freePort, TestAuthority } from '@yosugara/testkit';

/** Debian: python3-swift, for Debian's own Python. */
const SWIFT = '/usr/lib/python3/dist-packages/swift/__init__.py';
export const hasS3Store = existsSync(SWIFT) && existsSync('/usr/bin/python3');

const PROGRAM = fileURLToPath(new URL('./s3-store.py', import.meta.url));
const [WHO, SECRET, BUCKET] = ['spec:backups', 'the-key-of-the-specs', 'yosugara'] as const;

/** A real store that speaks S3 over TLS, by an authority of its own, as backups reach one. */
export class S3Store {
  readonly port: number;
  readonly #daemons = new Daemons('s3');
  readonly #authority = new TestAuthority('ca of the store');
  #child: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  static async open(): Promise<S3Store> {
    const store = new S3Store(await freePort());
    await store.start();
    return store;
  }

  /** The section `backup` of yosugara.yaml. */
  get backup(): object {
    const place = { bucket: BUCKET, endpoint: 'localhost', port: this.port, caFile: this.#authority.caFile };
    const keyIdFile = this.#daemons.write('key.id', `${WHO}\n`);
    const keyFile = this.#daemons.write('key', `${SECRET}\n`);
    return { repository: { type: 's3', ...place, keyIdFile, keyFile } };
  }

  /** With everything that was put there before. */
  async start(): Promise<void> {
    // What asks is OpenSSL of the system, and the name must be one: addresses in certificates are not looked at.
    const { certFile, keyFile } = this.#authority.issue('localhost', ['DNS:localhost']);
    const args = [PROGRAM, this.#daemons.dir, '127.0.0.1', String(this.port), certFile, keyFile, WHO, SECRET, BUCKET];
    this.#child = await this.#daemons.start({ program: '/usr/bin/python3', args, ready: (said) => said().includes('ready') });
  }

  /** It answers no more. */
  async stop(): Promise<void> {
    if (this.#child !== null) await this.#daemons.end(this.#child);
    this.#child = null;
  }

  async close(): Promise<void> {
    await this.#daemons.stop();
    this.#authority.remove();
  }
}
