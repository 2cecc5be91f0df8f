import { V3Flag } from '@yosugara/operations';
import { label, refusal } from '../dial.js';
import { type Look, ProbeFailure } from '../look.js';
import { addressOf } from '../names.js';
import { Turns } from '../turns.js';
import { type NetSnmpSession, netSnmp, TYPE, type Varbind } from './package.js';
import { SnmpSocket } from './socket.js';
import { type SnmpValue, snmpValue } from './value.js';

export interface SnmpUser {
  readonly name: string;
  readonly level: 'noAuthNoPriv' | 'authNoPriv' | 'authPriv';
  readonly auth: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  readonly authPassphrase: string;
  readonly priv: 'des' | 'aes128' | 'aes192' | 'aes256' | 'aes192c' | 'aes256c';
  readonly privPassphrase: string;
}

export interface SnmpTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly access:
    | { readonly version: 'v1' | 'v2c'; readonly community: string }
    | { readonly version: 'v3'; readonly user: SnmpUser };
}

export interface TableLimits {
  readonly maxRows: number;
}

/** Values of a table by column, then by the part of the OID behind it. */
export type SnmpTable = ReadonlyMap<string, ReadonlyMap<string, SnmpValue>>;

/** A datagram of 1 472 bytes takes about as many answers. */
const VALUES_PER_PDU = 30;
const MAX_SESSIONS = 10_000;
/** With one agent. From about 200 on its socket overflows and most of them are lost (measured with net-snmp's). */
const AT_ONCE = 20;
/** DES needs a provider of OpenSSL that Node does not load; AES-192 the package has not. */
const USM_PRIVS = { aes128: 'aes', aes256: 'aes256b', aes256c: 'aes256r' } as const;

interface Held {
  readonly session: NetSnmpSession;
  readonly socket: SnmpSocket;
}

/** Asks agents by net-snmp. Sessions of v3 are kept: they know the agent's engine and clock, which costs a round trip to learn. */
export class SnmpClient {
  readonly #idle = new Map<string, Held>();
  readonly #turns = new Turns(AT_ONCE);

  /** @returns one value for each OID. @throws ProbeFailure */
  async get(look: Look, target: SnmpTarget, oids: readonly string[]): Promise<ReadonlyMap<string, SnmpValue>> {
    return await this.#with(look, target, async (asking) => {
      const values = new Map<string, SnmpValue>();
      for (let at = 0; at < oids.length; at += VALUES_PER_PDU)
        await asking.get(oids.slice(at, at + VALUES_PER_PDU), (varbind, oid) => values.set(oid, snmpValue(varbind)));
      return values;
    });
  }

  /** Columns side by side, many rows with one question. @param columns OIDs. @throws ProbeFailure — more rows than may be. */
  async table(look: Look, target: SnmpTarget, columns: readonly string[], limits: TableLimits): Promise<SnmpTable> {
    return await this.#with(look, target, async (asking) => {
      const table = new Map(columns.map((column) => [column, new Map<string, SnmpValue>()]));
      let open = columns.map((column) => ({ column, last: column }));
      while (open.length > 0) {
        const answers = await asking.next(
          open.map(({ last }) => last),
          Math.max(1, Math.floor(VALUES_PER_PDU / open.length)),
        );
        open = open.filter((one, at) => {
          const rows = table.get(one.column)!;
          for (const varbind of answers[at] ?? []) {
            const isInside = varbind.oid.startsWith(`${one.column}.`) && varbind.type !== TYPE.endOfView;
            const row = varbind.oid.slice(one.column.length + 1);
            // An agent that goes round in a circle would be asked for ever.
            if (!isInside || rows.has(row)) return false;
            rows.set(row, snmpValue(varbind));
            one.last = varbind.oid;
            if (rows.size > limits.maxRows)
              throw new ProbeFailure(`${label(target)} has more than ${limits.maxRows} rows at ${one.column}`);
          }
          return (answers[at] ?? []).length > 0;
        });
      }
      return table;
    });
  }

  close(): void {
    for (const { session } of this.#idle.values()) session.close();
    this.#idle.clear();
  }

  async #with<T>(look: Look, target: SnmpTarget, run: (asking: Asking) => Promise<T>): Promise<T> {
    const address = await addressOf(look, target.host);
    look.doing = `the SNMP agent at ${label(target)}`;
    return await this.#turns.take(look, `${address} ${target.port}`, async () => await this.#ask(look, target, address, run));
  }

  async #ask<T>(look: Look, target: SnmpTarget, address: string, run: (asking: Asking) => Promise<T>): Promise<T> {
    const where = label(target);
    const key = keyOf(address, target);
    const held = this.#idle.get(key) ?? open(target, address);
    // Two looks at one agent at once have a session each.
    this.#idle.delete(key);
    let isWhole = true;
    const asking = new Asking(look, held, target, where);
    const shut = look.closes(
      held.socket.open(address, target.port, (error) => {
        asking.refused(error);
      }),
    );
    try {
      return await run(asking);
    } catch (error) {
      // What it believes of the agent may be what is wrong.
      isWhole = false;
      throw error;
    } finally {
      shut();
      held.session.cancelRequests(new Error('the look is over'));
      if (isWhole && target.access.version === 'v3') this.#keep(key, held);
      else held.session.close();
    }
  }

  #keep(key: string, held: Held): void {
    this.#idle.set(key, held);
    if (this.#idle.size <= MAX_SESSIONS) return;
    const [oldest, { session }] = this.#idle.entries().next().value!;
    this.#idle.delete(oldest);
    session.close();
  }
}

/** One session's questions, one after the other. */
class Asking {
  readonly #look: Look;
  readonly #session: NetSnmpSession;
  readonly #target: SnmpTarget;
  readonly #where: string;
  #refuse: (why: ProbeFailure) => void = () => undefined;

  constructor(look: Look, { session }: Held, target: SnmpTarget, where: string) {
    this.#look = look;
    this.#session = session;
    this.#target = target;
    this.#where = where;
  }

  refused(error: Error): void {
    this.#refuse(new ProbeFailure(refusal(error, this.#where), error));
  }

  /** Of v1, what is not there makes the whole answer an error (RFC 1157 4.1.2): it is left out, and the rest asked again. */
  async get(oids: readonly string[], each: (varbind: Varbind, oid: string) => void): Promise<void> {
    let wanted = [...oids];
    while (wanted.length > 0) {
      try {
        const varbinds = await this.#ask<readonly Varbind[]>((done) => this.#session.get(wanted, done));
        for (const [at, varbind] of varbinds.entries()) if (wanted[at] !== undefined) each(varbind, wanted[at]);
        return;
      } catch (error) {
        const missing = missingOf(error, wanted);
        if (missing === null) throw error;
        each({ oid: missing, type: TYPE.noSuchObject, value: null }, missing);
        wanted = wanted.filter((oid) => oid !== missing);
      }
    }
  }

  /** What follows each of them: one list each, empty at the end. */
  async next(after: readonly string[], rows: number): Promise<readonly (readonly Varbind[])[]> {
    if (this.#target.access.version !== 'v1')
      return await this.#ask<readonly (readonly Varbind[])[]>((done) => this.#session.getBulk(after, 0, rows, done));
    try {
      const varbinds = await this.#ask<readonly Varbind[]>((done) => this.#session.getNext(after, done));
      return varbinds.map((varbind) => [varbind]);
    } catch (error) {
      if (!isNoSuchName(error)) throw error;
      // The end of the agent's view, for one of them at least.
      if (after.length === 1) return [[]];
      const answers: (readonly Varbind[])[] = [];
      for (const one of after) answers.push((await this.next([one], rows))[0] ?? []);
      return answers;
    }
  }

  async #ask<T>(send: (done: (error: Error | null, answer: T) => void) => void): Promise<T> {
    return await this.#look.wait(
      new Promise<T>((resolve, reject) => {
        this.#refuse = reject;
        send((error, answer) => (error === null ? resolve(answer) : reject(this.#told(error))));
      }),
    );
  }

  #told(error: Error): ProbeFailure {
    const { timeoutMs, retries } = this.#target;
    const times = retries === 0 ? 'once' : `${retries + 1} times`;
    switch (error.name) {
      case 'RequestTimedOutError':
        return new ProbeFailure(
          `the SNMP agent at ${this.#where} was asked ${times} and did not answer within ${timeoutMs} ms each`,
          error,
        );
      case 'RequestFailedError':
        return new ProbeFailure(`the SNMP agent at ${this.#where} answers ${error.message}`, error);
      case 'ResponseInvalidError':
        return new ProbeFailure(`the SNMP agent at ${this.#where} ${invalid(error)}`, error);
      default:
        return new ProbeFailure(refusal(error, this.#where), error);
    }
  }
}

/** What the package says of an answer holds digests, and names a user's key by chance: only the kind of it is told. */
function invalid(error: Error): string {
  if (/^Unknown User Name/.test(error.message)) return 'does not know the user';
  if (/^(Wrong Digest|Authentication digest)/.test(error.message))
    return 'does not know the passphrase, or has another protocol for it';
  if (/^Unsupported Security Level/.test(error.message)) return 'does not allow the user this security level';
  if (/^(Decryption Error|Failed to decrypt)/.test(error.message)) return 'has another passphrase or protocol for privacy';
  if (/^Not In Time Window|time window/.test(error.message)) return 'has another time than it said before';
  return 'answered something else than what was asked';
}

const isNoSuchName = (error: unknown): boolean => error instanceof ProbeFailure && /answers NoSuchName/.test(error.message);
function missingOf(error: unknown, oids: readonly string[]): string | null {
  if (!isNoSuchName(error)) return null;
  const named = (error as Error).message.split(': ').at(-1)!;
  return oids.includes(named) ? named : null;
}

function open(target: SnmpTarget, address: string): Held {
  const { port, timeoutMs, retries, access } = target;
  const level = access.version === 'v3' ? access.user.level : 'noAuthNoPriv';
  const socket = new SnmpSocket((level === 'noAuthNoPriv' ? 0 : V3Flag.auth) | (level === 'authPriv' ? V3Flag.priv : 0));
  const options = { port, timeout: timeoutMs, retries, backwardsGetNexts: false, reportOidMismatchErrors: true };
  const dgramModule = { createSocket: () => socket };
  const session =
    access.version === 'v3'
      ? netSnmp.createV3Session(address, userOf(access.user), { ...options, dgramModule })
      : netSnmp.createSession(address, access.community, { ...options, dgramModule, version: versionOf(access.version) });
  // A packet that is none; the request goes on waiting.
  session.on('error', () => undefined);
  return { session, socket };
}

const versionOf = (version: 'v1' | 'v2c'): number => (version === 'v1' ? netSnmp.Version1 : netSnmp.Version2c);

function userOf({ name, level, auth, authPassphrase, priv, privPassphrase }: SnmpUser): object {
  const cipher = USM_PRIVS[priv as keyof typeof USM_PRIVS] as string | undefined;
  if (level === 'authPriv' && cipher === undefined) throw new ProbeFailure(`privacy by ${priv} is not there for asking agents`);
  return {
    ...{ name, level: netSnmp.SecurityLevel[level] },
    ...(level === 'noAuthNoPriv'
      ? {}
      : { authProtocol: netSnmp.AuthProtocols[auth === 'sha1' ? 'sha' : auth], authKey: authPassphrase }),
    ...(level === 'authPriv' ? { privProtocol: netSnmp.PrivProtocols[cipher!], privKey: privPassphrase } : {}),
  };
}

/** Whoever has other credentials has another session. */
const keyOf = (address: string, { port, timeoutMs, retries, access }: SnmpTarget): string =>
  JSON.stringify([address, port, timeoutMs, retries, access]);
