import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { explain, type Log, YosugaraError } from '@yosugara/kernel';
import { WatchedFiles } from './watched-files.js';

export class TlsFilesError extends YosugaraError {
  override readonly name = 'TlsFilesError';
  constructor(why: string, cause?: unknown) {
    super('TLS_FILES', why, { cause });
  }
}

/** PEM. */
export interface TlsMaterial {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca: Buffer;
}

export interface TlsPaths {
  readonly keyFile: string;
  readonly certFile: string;
  readonly caFile: string;
}

const LOOK_EVERY_MS = 10_000;

/** Key, certificate and authority, read again when a file changes: certificates are renewed, and a receiver does not stop for that. */
export class TlsFiles {
  readonly #files: WatchedFiles<TlsMaterial>;

  /** @param whose what they are for. @throws TlsFilesError — names the file. */
  constructor(paths: TlsPaths, log: Log, lookEveryMs = LOOK_EVERY_MS, whose = 'receiver.tls') {
    this.#files = new WatchedFiles({
      paths: [paths.keyFile, paths.certFile, paths.caFile],
      read: () => read(paths, whose),
      lookEveryMs,
      onRead: () => log.info('tls.files_read', { whose, ...paths }),
      onKept: (error) => log.warn('tls.files_kept', { why: explain(error) }),
    });
  }

  /** The same object for as long as nothing changed. Files that do not go together (the second is not there yet) change nothing. */
  current(): TlsMaterial {
    return this.#files.current();
  }
}

function read({ keyFile, certFile, caFile }: TlsPaths, whose: string): TlsMaterial {
  const readOne = (name: string, path: string) => readPem(`${whose}: ${name}`, path);
  const [key, cert, ca] = [readOne('keyFile', keyFile), readOne('certFile', certFile), readOne('caFile', caFile)];
  let areOne: boolean;
  try {
    areOne = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    if (areOne) createSecureContext({ key, cert, ca, minVersion: 'TLSv1.2' });
  } catch (error) {
    throw new TlsFilesError(`${whose}: ${keyFile}, ${certFile}, ${caFile}: no TLS can be spoken with these`, error);
  }
  if (!areOne) throw new TlsFilesError(`${whose}: ${keyFile} is not the key of the certificate in ${certFile}`);
  return { key, cert, ca };
}

function readPem(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TlsFilesError(`${name}: cannot read ${path}`, error);
  }
}
