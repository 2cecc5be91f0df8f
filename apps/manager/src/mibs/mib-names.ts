import { explain, InvalidInputError, type Log } from '@yosugara/kernel';
import { type MibStore, type MibType, mibStoreOf, NAMED_OID, trapReading } from '@yosugara/operations';
import type { MessageRow } from '@yosugara/protocol';
import type { MibObjects } from '@yosugara/store';
import type { MibTables } from './mib-tables.js';

/** Ingest waits so long for names: what a manager finds in its journals when it starts shall have them, and no take-over shall wait for them. */
const READY_MS = 1_000;
/** Modules whose names are read at once. */
const BATCH = 16;
/** Beyond so many it is not compared which of two texts has more names. */
const MAX_COMPARED = 64;
const NAMED = new RegExp(`^${NAMED_OID}(?:=([\\s\\S]*))?$`);

/** The names of now: what is built in, and what the database's modules compiled into. */
export class MibNames {
  readonly #tables: Pick<MibTables, 'version' | 'objectDigests' | 'objects'>;
  readonly #log: Log;
  #modules: ReadonlyMap<string, MibObjects> = new Map();
  #store: MibStore | null = null;
  #through = -1;

  constructor(tables: Pick<MibTables, 'version' | 'objectDigests' | 'objects'>, log: Log) {
    this.#tables = tables;
    this.#log = log;
  }

  now(): MibStore {
    return (this.#store ??= mibStoreOf([]));
  }

  /** They have been read once, or a second has gone by. Never fails. */
  async ready(withinMs = READY_MS): Promise<void> {
    if (this.#through >= 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    const read = this.#tables.version().then(
      async ({ compiled }) => await this.follow(compiled),
      (error: unknown) => this.#log.debug('mibs.notRead', { why: explain(error) }),
    );
    await Promise.race([read, late]).finally(() => clearTimeout(timer));
  }

  /** Reads what changed, when the set is another one than was read. @param compiled its number. Failures leave the names as they are. */
  async follow(compiled: number): Promise<void> {
    if (compiled === this.#through) return;
    try {
      const digests = await this.#tables.objectDigests();
      // Nothing is taken over before all of it is here: what failed half way is read again.
      const modules = new Map([...this.#modules].filter(([name, { digest }]) => digests.get(name)?.equals(digest)));
      const gone = [...this.#modules.keys()].filter((name) => !digests.has(name)).length;
      const changed = [...digests.keys()].filter((name) => !modules.has(name));
      for (let at = 0; at < changed.length; at += BATCH)
        for (const [name, read] of await this.#tables.objects(changed.slice(at, at + BATCH))) modules.set(name, shared(read));
      if (changed.length > 0 || gone > 0) {
        this.#store = mibStoreOf([...modules.values()].flatMap(({ nodes }) => nodes));
        this.#modules = modules;
        this.#log.info('mibs.read', { modules: modules.size, names: this.#store.size, changed: changed.length + gone });
      }
      this.#through = compiled;
    } catch (error) {
      this.#log.debug('mibs.notRead', { why: explain(error) });
    }
  }

  /** A trap with the names of now beside what was stored; any other row as it is. */
  readable(row: MessageRow): MessageRow {
    const { kind, varbinds } = row;
    if (kind !== 'trap' || varbinds === null || varbinds === undefined) return row;
    const read = trapReading(varbinds, this.now());
    const named = varbinds.map(({ oid, type, value }, at) => {
      const { name, module, value: said, units } = read.varbinds[at]!;
      return {
        ...{ oid, type, value },
        ...(name === oid ? {} : { name }),
        ...(module === null ? {} : { module }),
        ...(said === value ? {} : { read: said }),
        ...(units === null ? {} : { units }),
      };
    });
    const isBetter = read.text !== row.text && unnamed(read.text, row) <= unnamed(row.text, row);
    return { ...row, varbinds: named, ...(isBetter ? { reading: read.text } : {}) };
  }

  /** `ifOperStatus[3]=down`, or `ifOperStatus.3=down`, as OID and number, which is how rows have it. @throws InvalidInputError — nothing here is called so. */
  varbindTerm(term: string): string {
    const [, name, instance = '', value] = NAMED.exec(term) ?? [];
    const [oid, given] = name === undefined ? split(term) : [this.#oidOf('varbind', name, instance), value];
    if (given === undefined) return oid;
    const type = oid === '' ? null : (this.now().resolve(oid.replace(/^\./, ''))?.node.type ?? null);
    const isOid = type?.base === 'OBJECT IDENTIFIER' && !/^[\d.]*$/.test(given);
    return `${oid}=${isOid ? this.#oidOf('varbind', given) : this.now().valueOf(type, given)}`;
  }

  /** OIDs of the notification that is called so, or has that one: with and without the 0 of RFC 3584. @throws InvalidInputError */
  trapOids(nameOrOid: string): readonly string[] {
    const oid = /^[.\d]+$/.test(nameOrOid) ? nameOrOid.replace(/^\./, '') : this.#oidOf('trap', nameOrOid);
    const last = oid.lastIndexOf('.');
    const other = oid.endsWith('.0', last)
      ? oid.slice(0, last - 2) + oid.slice(last)
      : `${oid.slice(0, last)}.0${oid.slice(last)}`;
    return [oid, other];
  }

  #oidOf(place: string, name: string, instance = ''): string {
    const oid = this.now().oidOf(name + instance);
    if (oid !== null) return oid;
    if (this.now().named(name) === null)
      throw new InvalidInputError(place, name, 'an OID, or a name of a MIB module that is here');
    throw new InvalidInputError(place, name + instance, 'an instance of its table, such as ifDescr[3] or ifDescr.3');
  }
}

/** Columns of one table have types in common. */
function shared({ digest, nodes }: MibObjects): MibObjects {
  const types = new Map<string, MibType>();
  const once = (type: MibType | null): MibType | null => {
    if (type === null) return null;
    const key = JSON.stringify(type);
    const known = types.get(key);
    if (known === undefined) types.set(key, type);
    return known ?? type;
  };
  return { digest, nodes: nodes.map((node) => ({ ...node, type: once(node.type) })) };
}

function split(term: string): readonly [string, string | undefined] {
  const at = term.indexOf('=');
  return at < 0 ? [term, undefined] : [term.slice(0, at), term.slice(at + 1)];
}

/** How many of the OIDs that a trap carries its text leaves without a name. */
function unnamed(text: string, { app, varbinds }: MessageRow): number {
  const head = app !== null && text.startsWith(app) ? 1 : 0;
  return (varbinds ?? []).slice(0, MAX_COMPARED).reduce((count, { oid }) => count + (text.includes(`${oid}=`) ? 1 : 0), head);
}
