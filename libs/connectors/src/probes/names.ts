import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { type Look, ProbeFailure } from './look.js';

export type Family = 4 | 6;

/** Node's own resolver asks several servers, each so often. */
const TRY_MS = 2_000;
const TRIES = 2;
const HOSTS_FILE = '/etc/hosts';
const HOSTS_LOOK_EVERY_MS = 10_000;

let hosts: { readonly names: ReadonlyMap<string, readonly string[]>; readonly readMs: number } | null = null;

/**
 * The address of a host: of an address itself, of /etc/hosts, of DNS. Never by getaddrinfo: that would hold one of Node's four threads
 * for as long as a name server is silent, and the journals are written by those threads. So names are whole: no search domains.
 *
 * @throws ProbeFailure
 */
export async function addressOf(look: Look, host: string, family?: Family): Promise<string> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(bare);
  if (version !== 0) {
    if (family !== undefined && version !== family) throw new ProbeFailure(`${bare} is no IPv${family} address`);
    return bare;
  }
  look.doing = `the name ${bare}`;
  const known = (await look.wait(hostsFile()))
    .get(bare.toLowerCase())
    ?.find((one) => family === undefined || isIP(one) === family);
  return known ?? (await ask(look, bare, family));
}

async function ask(look: Look, name: string, family: Family | undefined): Promise<string> {
  const resolver = new Resolver({ timeout: Math.min(TRY_MS, Math.max(1, look.leftMs)), tries: TRIES });
  look.closes(() => resolver.cancel());
  let why: unknown;
  for (const version of family === undefined ? [4, 6] : [family]) {
    try {
      const found = await look.wait(version === 4 ? resolver.resolve4(name) : resolver.resolve6(name));
      if (found[0] !== undefined) return found[0];
    } catch (error) {
      if (error instanceof ProbeFailure) throw error;
      why ??= error;
    }
  }
  const code = (why as NodeJS.ErrnoException | undefined)?.code ?? 'ENODATA';
  throw new ProbeFailure(`the name ${name} cannot be resolved: ${SAYS[code] ?? code}`, why);
}

const SAYS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name',
  ENODATA: 'it has no address',
  ETIMEOUT: 'no name server answered',
  ECONNREFUSED: 'no name server listens',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused',
};

async function hostsFile(): Promise<ReadonlyMap<string, readonly string[]>> {
  if (hosts !== null && performance.now() - hosts.readMs < HOSTS_LOOK_EVERY_MS) return hosts.names;
  const names = new Map<string, string[]>();
  const text = await readFile(HOSTS_FILE, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const [address, ...of] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address === undefined || isIP(address) === 0) continue;
    for (const name of of) names.set(name.toLowerCase(), [...(names.get(name.toLowerCase()) ?? []), address]);
  }
  hosts = { names, readMs: performance.now() };
  return names;
}
