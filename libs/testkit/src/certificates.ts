import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestCertificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly keyFile: string;
  readonly certFile: string;
}

/** An authority and what it signs, made by openssl in a folder of its own. For specs only. */
export class TestAuthority {
  readonly dir = mkdtempSync(join(tmpdir(), 'yosugara-ca-'));
  readonly caFile = join(this.dir, 'ca.crt');
  #made = 0;

  constructor(name = 'test ca') {
    const key = ['-newkey', 'ed25519', '-nodes', '-keyout', 'ca.key'];
    this.#openssl('req', '-x509', ...key, '-out', 'ca.crt', '-subj', `/CN=${name}`, '-days', '2');
  }

  get ca(): Buffer {
    return readFileSync(this.caFile);
  }

  /** @param names such as `DNS:host.example`, `IP:127.0.0.1`. @param days below 0 = it has ended. */
  issue(commonName: string, names: readonly string[] = [], days = 2): TestCertificate {
    const at = (end: string) => `${++this.#made}.${end}`;
    const [key, request, cert, extensions] = [at('key'), at('csr'), at('crt'), at('ext')];
    this.#openssl('req', '-newkey', 'ed25519', '-nodes', '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`);
    const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', cert, '-days', String(days)];
    const alternative = names.length === 0 ? '' : `subjectAltName=${names.join(',')}\n`;
    execFileSync('tee', [extensions], { cwd: this.dir, input: alternative, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#openssl('x509', '-req', '-in', request, ...sign, '-extfile', extensions);
    const read = (file: string) => readFileSync(join(this.dir, file));
    return { key: read(key), cert: read(cert), keyFile: join(this.dir, key), certFile: join(this.dir, cert) };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.dir, stdio: 'pipe' });
  }
}
