import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type UsmAuth, type UsmLimits, type UsmPriv, UsmReceiver, type UsmUser, usmUser } from '@yosugara/operations';
import { type ReceivedRecord, TrapIntake } from '@yosugara/runtime';
import { NODE_USM_CRYPTO } from '../crypto.js';

export const AUTH_PASSPHRASE = 'auth passphrase';
export const PRIV_PASSPHRASE = 'priv passphrase';

export function testUser(name: string, auth: UsmAuth | 'none', priv: UsmPriv | 'none'): UsmUser {
  const passphrases = { auth: Buffer.from(AUTH_PASSPHRASE), priv: Buffer.from(PRIV_PASSPHRASE) };
  const user = usmUser(NODE_USM_CRYPTO, { name, auth, priv }, passphrases);
  if (typeof user === 'string') throw new Error(user);
  return user;
}

export interface TrapSinkOptions {
  readonly users: readonly UsmUser[];
  readonly boots?: number;
  /** Added to the clock. */
  readonly aheadMs?: () => number;
  /** INFORMs are safe at once, unless this says otherwise. */
  readonly safe?: () => boolean;
  readonly limits?: Partial<UsmLimits>;
}

/** A UDP socket with a receiver of traps behind it; what would be journaled is kept in memory. */
export class TrapSink {
  readonly kept: ReceivedRecord[] = [];
  readonly refused: string[] = [];
  readonly packets: Uint8Array[] = [];
  readonly answers: Uint8Array[] = [];
  readonly engineId = Buffer.concat([Buffer.from('80007ed905', 'hex'), randomBytes(12)]);
  readonly usm: UsmReceiver;
  readonly intake: TrapIntake;
  readonly #socket: Socket = createSocket('udp4');

  constructor(options: TrapSinkOptions) {
    const nowMs = () => performance.now() + (options.aheadMs?.() ?? 0);
    this.usm = new UsmReceiver({
      ...{ crypto: NODE_USM_CRYPTO, engineId: this.engineId, boots: options.boots ?? 3, users: options.users },
      ...{ startedMs: nowMs(), firstSalt: randomBytes(8).readBigUInt64BE(), limits: options.limits ?? {} },
    });
    this.intake = new TrapIntake({
      intake: (record) => this.kept.push(record) > 0,
      lastSeq: () => this.kept.length,
      safeSeq: () => ((options.safe?.() ?? true) ? this.kept.length : 0),
      ...{ nowMs, usm: this.usm, digest: (data) => hash('sha256', data, 'base64') },
      onRefused: (_, reason) => this.refused.push(reason),
    });
  }

  async open(): Promise<number> {
    this.#socket.on('message', (raw, from) => {
      this.packets.push(Uint8Array.from(raw));
      this.feed(raw, from, (answer) => {
        this.answers.push(answer);
        this.#socket.send(answer, from.port, from.address);
      });
    });
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    return this.#socket.address().port;
  }

  feed(raw: Uint8Array, source = { address: '127.0.0.1', port: 9 }, reply: (answer: Uint8Array) => void = () => undefined): void {
    const record: ReceivedRecord = {
      ...{ receivedAtUs: Date.now() * 1_000, monotonicMs: performance.now(), kind: 'trap', transport: 'udp', flags: 0, raw },
      ...{ source: { address: source.address, port: source.port }, listener: { kind: 'own', address: '127.0.0.1' } },
    };
    this.intake.take(record, reply);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}

/** net-snmp's own senders, with a folder of their own to keep boots in. */
export class NetSnmp {
  readonly #home = mkdtempSync(join(tmpdir(), 'yosugara-snmp-'));

  /** @returns what it printed as an error; null when it ended well. */
  async run(program: 'snmptrap' | 'snmpinform', args: readonly string[]): Promise<string | null> {
    return await new Promise((resolve) => {
      const env = { PATH: process.env['PATH'], SNMP_PERSISTENT_DIR: this.#home, SNMPCONFPATH: this.#home, HOME: this.#home };
      execFile(program, ['-m', '', ...args], { env, timeout: 20_000 }, (error, _out, err) =>
        resolve(error === null ? null : `${error.message} ${err}`),
      );
    });
  }

  close(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/** What of the npm package is used here; it has no types. */
interface NpmSnmp {
  readonly SecurityLevel: Readonly<Record<string, number>>;
  readonly AuthProtocols: Readonly<Record<string, string>>;
  readonly PrivProtocols: Readonly<Record<string, string>>;
  readonly ObjectType: Readonly<Record<string, number>>;
  createV3Session(host: string, user: object, options: object): NpmSession;
}
interface NpmSession {
  trap(oid: string, varbinds: object[], done: (error: Error | null) => void): void;
  inform(oid: string, varbinds: object[], done: (error: Error | null) => void): void;
  on(event: 'error', handler: () => void): void;
  close(): void;
}

/** Sends one with the npm package net-snmp as user ann; an INFORM's answer is awaited. */
export async function npmTrap(
  port: number,
  how: { readonly auth: string; readonly priv: string; readonly inform: boolean },
): Promise<void> {
  const snmp = createRequire(import.meta.url)('net-snmp') as NpmSnmp;
  const user = {
    ...{ name: 'ann', level: snmp.SecurityLevel['authPriv'] },
    ...{ authProtocol: snmp.AuthProtocols[how.auth], authKey: AUTH_PASSPHRASE },
    ...{ privProtocol: snmp.PrivProtocols[how.priv], privKey: PRIV_PASSPHRASE },
  };
  const session = snmp.createV3Session('127.0.0.1', user, { trapPort: port, retries: 1, engineID: '8000B98380ABCDEF12' });
  session.on('error', () => undefined);
  try {
    const varbinds = [{ oid: '1.3.6.1.2.1.1.1.0', type: snmp.ObjectType['OctetString'], value: 'hi' }];
    await new Promise<void>((resolve, reject) => {
      const send = how.inform ? session.inform.bind(session) : session.trap.bind(session);
      send('1.3.6.1.4.1.2000.1', varbinds, (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    session.close();
  }
}
