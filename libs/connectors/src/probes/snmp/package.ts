import { createRequire } from 'node:module';

/** What of the npm package net-snmp is used here; it has no types. */
export interface NetSnmp {
  readonly Version1: number;
  readonly Version2c: number;
  readonly Version3: number;
  readonly SecurityLevel: Readonly<Record<string, number>>;
  readonly AuthProtocols: Readonly<Record<string, string>>;
  readonly PrivProtocols: Readonly<Record<string, string>>;
  readonly ObjectType: Readonly<Record<string, number>>;
  createSession(host: string, community: string, options: object): NetSnmpSession;
  createV3Session(host: string, user: object, options: object): NetSnmpSession;
}

export interface Varbind {
  readonly oid: string;
  readonly type: number;
  readonly value: unknown;
}

export interface NetSnmpSession {
  get(oids: readonly string[], done: (error: Error | null, varbinds: readonly Varbind[]) => void): void;
  getNext(oids: readonly string[], done: (error: Error | null, varbinds: readonly Varbind[]) => void): void;
  getBulk(
    oids: readonly string[],
    nonRepeaters: number,
    maxRepetitions: number,
    done: (error: Error | null, columns: readonly (readonly Varbind[])[]) => void,
  ): void;
  on(event: 'error', handler: (error: Error) => void): void;
  cancelRequests(error: Error): void;
  close(): void;
}

export const netSnmp = createRequire(import.meta.url)('net-snmp') as NetSnmp;

/** RFC 2578, as the package numbers them. */
export const TYPE = {
  ...{ integer: 2, octets: 4, null: 5, oid: 6, address: 64, counter32: 65, gauge: 66, ticks: 67, opaque: 68, counter64: 70 },
  ...{ noSuchObject: 128, noSuchInstance: 129, endOfView: 130 },
} as const;
