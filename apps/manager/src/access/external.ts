import { readFile } from 'node:fs/promises';
import { LdapDirectory, OidcProvider } from '@yosugara/connectors';
import { YosugaraError } from '@yosugara/kernel';
import type { AccessConfig } from '@yosugara/protocol';
import type { Directory } from './directory.js';

/** Who knows people besides the database, with their secrets out of files. */
export interface External {
  readonly directory: Directory | null;
  readonly providers: ReadonlyMap<string, OidcProvider>;
}

export const NOBODY_ELSE: External = { directory: null, providers: new Map() };

/** @throws YosugaraError SECRET_UNREADABLE, CONFIG_UNSAFE */
export async function externalOf({ ldap, oidc }: Pick<AccessConfig, 'ldap' | 'oidc'>): Promise<External> {
  const providers = await Promise.all(
    oidc.map(async (config) => {
      const clientSecret = await textOf(config.clientSecretFile);
      return [config.id, new OidcProvider({ config, clientSecret })] as const;
    }),
  );
  if (ldap === undefined) return { directory: null, providers: new Map(providers) };
  const [bindPassword, ca] = [await textOf(ldap.bindPasswordFile), await textOf(ldap.caFile)];
  return { directory: new LdapDirectory({ config: ldap, bindPassword, ca }), providers: new Map(providers) };
}

async function textOf(file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new YosugaraError('SECRET_UNREADABLE', `${file} cannot be read`, { cause });
  });
  return text.replace(/\r?\n$/, '');
}
