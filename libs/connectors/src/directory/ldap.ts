import { YosugaraError } from '@yosugara/kernel';
import type { LdapConfig } from '@yosugara/protocol';
import { Client, type Entry, InvalidCredentialsError } from 'ldapts';

/** Somebody whom a directory or a provider knows. */
export interface ExternalPerson {
  /** Which of several; '' = there is one. */
  readonly provider: string;
  /** Theirs for ever, whatever they are called. */
  readonly externalId: string;
  readonly login: string;
  readonly name: string;
  readonly mail: string;
  readonly groups: readonly string[];
}

export class DirectoryUnavailableError extends YosugaraError {
  override readonly name = 'DirectoryUnavailableError';
  constructor(what: string, cause: unknown) {
    super('DIRECTORY_UNAVAILABLE', `${what} does not answer as it should`, { cause });
  }
}

export interface LdapOptions {
  readonly config: LdapConfig;
  readonly bindPassword: string | null;
  /** PEM; null = those of the system. */
  readonly ca: string | null;
}

const MOST_GROUPS = 2_000;

/**
 * Searches for a person, and tries the password by binding as them. Never with an empty one: to most directories that is nobody's login, which
 * succeeds (RFC 4513 5.1.2).
 */
export class LdapDirectory {
  readonly #o: LdapOptions;

  /** @throws YosugaraError CONFIG_UNSAFE — passwords would go over the network in the clear. */
  constructor(options: LdapOptions) {
    const { urls, startTls, allowPlain } = options.config;
    const plain = urls.find((url) => url.startsWith('ldap://') && !startTls && !allowPlain);
    if (plain !== undefined)
      throw new YosugaraError('CONFIG_UNSAFE', `${plain}: passwords in the clear; say startTls, ldaps:// or allowPlain`);
    this.#o = options;
  }

  /** null: nobody of that name, or another password. @throws DirectoryUnavailableError — none of the servers answers. */
  async check(login: string, password: string): Promise<ExternalPerson | null> {
    if (password === '' || login === '') return null;
    let failed: unknown;
    for (const url of this.#o.config.urls) {
      try {
        return await this.#ask(url, login, password);
      } catch (error) {
        failed = error;
      }
    }
    throw new DirectoryUnavailableError('the LDAP directory', failed);
  }

  async #ask(url: string, login: string, password: string): Promise<ExternalPerson | null> {
    const { config, bindPassword } = this.#o;
    return await this.#with(url, async (client) => {
      if (config.bindDn !== undefined) await client.bind(config.bindDn, bindPassword ?? '');
      const found = await client.search(config.base, {
        scope: 'sub',
        filter: config.filter.replaceAll('{login}', () => escaped(login)),
        attributes: ['entryUUID', config.nameAttribute, config.mailAttribute, config.groupsAttribute],
        sizeLimit: 2,
      });
      const [entry, another] = found.searchEntries;
      // Of two of one name nobody knows whose password it is.
      if (entry === undefined || another !== undefined || !(await this.#isTheirs(url, entry.dn, password))) return null;
      const searched = config.groupBase === undefined ? [] : await this.#groups(client, config.groupBase, entry.dn, login);
      return {
        ...{ provider: '', login, externalId: textsOf(entry, 'entryUUID')[0] ?? entry.dn.toLowerCase() },
        ...{ name: textsOf(entry, config.nameAttribute)[0] ?? '', mail: textsOf(entry, config.mailAttribute)[0] ?? '' },
        groups: [...textsOf(entry, config.groupsAttribute), ...searched],
      };
    });
  }

  async #groups(client: Client, base: string, dn: string, login: string): Promise<readonly string[]> {
    const filter = this.#o.config.groupFilter.replaceAll('{dn}', () => escaped(dn)).replaceAll('{login}', () => escaped(login));
    const { searchEntries } = await client.search(base, { scope: 'sub', filter, attributes: ['1.1'], sizeLimit: MOST_GROUPS });
    return searchEntries.map((each) => each.dn);
  }

  /** On a connection of its own: whoever searches stays who they are. */
  async #isTheirs(url: string, dn: string, password: string): Promise<boolean> {
    return await this.#with(url, async (client) => {
      try {
        await client.bind(dn, password);
        return true;
      } catch (error) {
        if (error instanceof InvalidCredentialsError) return false;
        throw error;
      }
    });
  }

  async #with<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
    const { config, ca } = this.#o;
    const { timeoutMs, startTls } = config;
    const tls = { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) } as const;
    const isTls = url.startsWith('ldaps://');
    const client = new Client({ url, timeout: timeoutMs, connectTimeout: timeoutMs, ...(isTls ? { tlsOptions: tls } : {}) });
    try {
      if (startTls && !isTls) await client.startTLS({ ...tls, host: new URL(url).hostname, servername: new URL(url).hostname });
      return await work(client);
    } finally {
      await client.unbind().catch(() => undefined);
    }
  }
}

/** RFC 4515 3: what is typed is a value, never a part of the filter. */
const escaped = (value: string): string =>
  value.replaceAll(/[\\*()\u0000]/g, (letter) => `\\${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);

function textsOf(entry: Entry, attribute: string): readonly string[] {
  // Names of attributes are the same whatever their case.
  const key = Object.keys(entry).find((each) => each.toLowerCase() === attribute.toLowerCase());
  const value = key === undefined ? [] : entry[key];
  return [value ?? []].flat().map((each) => (typeof each === 'string' ? each : each.toString('utf8')));
}
