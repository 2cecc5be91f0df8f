import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import type { KeyRing } from '@yosugara/runtime';
import { KeyTextError, type NamedKey, parseKeys } from './key-text.js';

/** Name of the credential for systemd (LoadCredential=, LoadCredentialEncrypted=). */
export const KEYS_CREDENTIAL = 'yosugara-keys';
export const KEYS_VARIABLE = 'YOSUGARA_KEYS';

/** Somebody said where keys are, or something is encrypted, and there are none. Names every place that was looked in. */
export class KeyMissingError extends YosugaraError {
  override readonly name = 'KeyMissingError';
  constructor(what: string, lookedIn: readonly string[]) {
    super('KEY_MISSING', `${what}; looked in ${lookedIn.join(', in ')}`);
  }
}

export interface KeyPlaces {
  readonly config: Pick<NodeConfig, 'secrets'>;
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Kind = 'credential' | 'variable' | 'file';
interface Place {
  readonly kind: Kind;
  /** For people. */
  readonly says: string;
  /** null: there is nothing. */
  read(): string | null;
}

/**
 * The keys of this host: a credential of systemd, else the environment, else a file; the first that there is counts, alone. `refresh` reads it again.
 * Without any it is an empty ring: who cannot do without one asks `demand`.
 */
export class HostKeyRing implements KeyRing {
  readonly #where: KeyPlaces;
  readonly #places: readonly Place[];
  #from: Place | null = null;
  #text = '';
  #keys: readonly NamedKey[] = [];
  #problem: YosugaraError | null = null;

  constructor(where: KeyPlaces) {
    this.#where = where;
    this.#places = placesOf(where);
    this.refresh();
  }

  get newest(): string | null {
    return this.#keys.at(-1)?.id ?? null;
  }
  get ids(): readonly string[] {
    return this.#keys.map(({ id }) => id);
  }
  get lookedIn(): readonly string[] {
    return this.#places.map(({ says }) => says);
  }
  /** Where the keys are from; null: there are none. */
  get from(): { readonly kind: Kind; readonly says: string } | null {
    return this.#from;
  }

  keyOf(id: string): Uint8Array | null {
    return this.#keys.find((each) => each.id === id)?.key ?? null;
  }

  /** Why there are no keys, or not those of now, where there should be some; null: nothing is wrong. */
  get problem(): YosugaraError | null {
    return this.#problem;
  }

  /** @throws KeyMissingError, KeyTextError — there is no key to do `what` with. */
  demand(what: string): void {
    if (this.#keys.length === 0) throw this.#problem ?? new KeyMissingError(what, this.lookedIn);
  }

  /** What was appended meanwhile. What cannot be read leaves the keys as they are, and is the `problem`. */
  refresh(): void {
    try {
      this.#problem = this.#read();
    } catch (error) {
      if (!(error instanceof KeyTextError)) throw error;
      this.#problem = error;
    }
  }

  #read(): YosugaraError | null {
    // Where they once were they stay: a file that comes later is no reason to forget a credential.
    for (const place of this.#from === null ? this.#places : [this.#from]) {
      const text = place.read();
      if (text === null) continue;
      this.#from = place;
      if (text !== this.#text) this.#take(text, place);
      return null;
    }
    if (this.#from !== null) return new KeyMissingError(`${this.#from.says} is gone`, this.lookedIn);
    const { keyFile } = this.#where.config.secrets;
    return keyFile === undefined ? null : new KeyMissingError('secrets.keyFile is set, and there is no key', this.lookedIn);
  }

  #take(text: string, place: Place): void {
    const keys = parseKeys(text, place.says);
    if (keys.length === 0) throw new KeyTextError(place.says, 'there is no key in it');
    this.#keys = keys;
    this.#text = text;
  }
}

/** The file that keys are in where neither a credential nor the environment has them. */
export const keyFileOf = ({ config, stateDir }: Pick<KeyPlaces, 'config' | 'stateDir'>): string => {
  const name = config.secrets.keyFile ?? STATE_LAYOUT.secrets.keys;
  return isAbsolute(name) ? name : join(stateDir, name);
};

function placesOf({ config, stateDir, env }: KeyPlaces): readonly Place[] {
  const file = keyFileOf({ config, stateDir });
  const { CREDENTIALS_DIRECTORY: credentials, [KEYS_VARIABLE]: text } = env;
  const credential = credentials === undefined ? null : join(credentials, KEYS_CREDENTIAL);
  return [
    {
      kind: 'credential',
      says: `the systemd credential ${credential ?? `${KEYS_CREDENTIAL} ($CREDENTIALS_DIRECTORY is not set)`}`,
      read: () => (credential === null ? null : textOf(credential)),
    },
    {
      kind: 'variable',
      says: `the environment (${KEYS_VARIABLE}, keys separated by commas)`,
      read: () => (text === undefined || text === '' ? null : text.replaceAll(',', '\n')),
    },
    { kind: 'file', says: `the file ${file}`, read: () => textOf(file) },
  ];
}

/** null: there is none. @throws KeyTextError — it is there and may not be read. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new KeyTextError(file, `cannot be read (${code ?? String(error)})`);
  }
}

/** What a program that is started with an environment of its own must be given, so that it finds the keys where this one does. */
export const keyEnvironment = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    [KEYS_VARIABLE, 'CREDENTIALS_DIRECTORY'].flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Others than its owner may read it, or write it. */
export const isOpenToOthers = (file: string): boolean => (statSync(file).mode & 0o077) !== 0;
