import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { explain, type Log } from '@yosugara/kernel';
import { INSIDE_SERVER_NAME } from '@yosugara/protocol';
import { TlsFiles, type TlsMaterial } from '@yosugara/receivers/tls-files';
import type { CertificatePaths, ConsoleCertificates } from '../config.js';

const LOOK_EVERY_MS = 5_000;
const MIN_VERSION = 'TLSv1.2';

/**
 * The certificates of the console's port, as their files have them now. A pair that is named and cannot be used is said, and the node's own one takes its
 * place: behind a wrong file the manager must still take in messages, and be reachable.
 */
export class ConsoleTls {
  readonly #own: Pair;
  readonly #given: Pair | null;

  constructor({ own, given, caFile }: ConsoleCertificates, log: Log, lookEveryMs = LOOK_EVERY_MS) {
    this.#own = new Pair(own, caFile, log, 'the node’s own certificate', lookEveryMs);
    this.#given = given === null ? null : new Pair(given, caFile, log, 'console.tls', lookEveryMs);
  }

  /** What whoever says no name is shown. The same object for as long as nothing changed; null: there is none that can be used. */
  shown(): SecureContextOptions | null {
    return (this.#given?.now() ?? this.#own.now())?.options ?? null;
  }

  /** For the name that a client asks for (SNI). */
  contextFor(name: string): SecureContext | undefined {
    const own = this.#own.now();
    const given = this.#given?.now() ?? own;
    return (name === INSIDE_SERVER_NAME ? (own ?? given) : given)?.context;
  }
}

interface Usable {
  readonly material: TlsMaterial;
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
}

class Pair {
  readonly #open: () => TlsFiles;
  readonly #log: Log;
  readonly #lookEveryMs: number;
  #files: TlsFiles | null = null;
  #usable: Usable | null = null;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #said = '';

  constructor(paths: CertificatePaths, caFile: string, log: Log, whose: string, lookEveryMs: number) {
    this.#open = () => new TlsFiles({ ...paths, caFile }, log, lookEveryMs, whose);
    this.#log = log;
    this.#lookEveryMs = lookEveryMs;
  }

  now(): Usable | null {
    const material = (this.#files ?? this.#tryAgain())?.current() ?? null;
    if (material === null || material === this.#usable?.material) return this.#usable;
    const { key, cert } = material;
    const options = { key, cert, minVersion: MIN_VERSION } as const;
    this.#usable = { material, options, context: createSecureContext(options) };
    return this.#usable;
  }

  /** Files that could not be used when they were read first may be there later. */
  #tryAgain(): TlsFiles | null {
    if (performance.now() - this.#triedAtMs < this.#lookEveryMs) return null;
    this.#triedAtMs = performance.now();
    try {
      this.#files = this.#open();
    } catch (error) {
      const why = explain(error);
      if (why !== this.#said) this.#log.error('console.certificateUnusable', { why });
      this.#said = why;
    }
    return this.#files;
  }
}
