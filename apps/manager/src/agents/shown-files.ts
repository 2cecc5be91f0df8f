import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { ShownToAgents } from '@yosugara/connectors';
import type { Log } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { TlsFiles, type TlsMaterial } from '@yosugara/receivers/tls-files';

const LOOK_EVERY_MS = 1_000;
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** What this node shows itself by to agents, as its files have it. */
export class ShownFiles {
  readonly #files: TlsFiles;
  #material: TlsMaterial;
  #shown: ShownToAgents;
  #authorities: readonly string[];

  /** @throws TlsFilesError — this node has no certificates that can be used. */
  constructor(stateDir: string, log: Log) {
    const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
    const at = (file: string) => join(stateDir, file);
    const paths = { keyFile: at(tlsKey), certFile: at(tlsCert), caFile: at(clusterCa) };
    this.#files = new TlsFiles(paths, log, LOOK_EVERY_MS, 'the port for agents');
    this.#material = this.#files.current();
    this.#shown = textsOf(this.#material);
    this.#authorities = sha256sOf(this.#shown.clusterCa);
  }

  get now(): ShownToAgents {
    return this.#shown;
  }
  /** SHA-256 of the authorities that agents are to trust, hexadecimal; the first one signs. */
  get authorities(): readonly string[] {
    return this.#authorities;
  }

  /** @returns whether they are others than before. */
  look(): boolean {
    const material = this.#files.current();
    if (material === this.#material) return false;
    this.#material = material;
    this.#shown = textsOf(material);
    this.#authorities = sha256sOf(this.#shown.clusterCa);
    return true;
  }
}

const textsOf = ({ key, cert, ca }: TlsMaterial): ShownToAgents => ({
  ...{ key: key.toString('utf8'), certificate: cert.toString('utf8'), clusterCa: ca.toString('utf8') },
});

const sha256sOf = (pem: string): readonly string[] =>
  (pem.match(PEM) ?? []).map((each) => new X509Certificate(each).fingerprint256.replaceAll(':', '').toLowerCase());
