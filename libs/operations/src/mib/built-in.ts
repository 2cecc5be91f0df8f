import type { EnumLabel } from './types.js';

/** Where the tree begins, as every module of the SMI itself says (RFC 1155, RFC 2578): needs no upload. */
export const BUILT_IN_OIDS: Readonly<Record<string, string>> = {
  ...{ ccitt: '0', iso: '1', 'joint-iso-ccitt': '2', zeroDotZero: '0.0', org: '1.3', dod: '1.3.6', internet: '1.3.6.1' },
  ...{ directory: '1.3.6.1.1', mgmt: '1.3.6.1.2', 'mib-2': '1.3.6.1.2.1', transmission: '1.3.6.1.2.1.10' },
  ...{ experimental: '1.3.6.1.3', private: '1.3.6.1.4', enterprises: '1.3.6.1.4.1', security: '1.3.6.1.5' },
  ...{ snmpV2: '1.3.6.1.6', snmpDomains: '1.3.6.1.6.1', snmpProxys: '1.3.6.1.6.2', snmpModules: '1.3.6.1.6.3' },
  // RFC 1213: what SMIv1's generic traps hang from.
  ...{ system: '1.3.6.1.2.1.1', interfaces: '1.3.6.1.2.1.2', snmp: '1.3.6.1.2.1.11' },
};

/** Modules that define nothing but those, macros and base types: to import from them is never an error. */
export const BUILT_IN_MODULES: ReadonlySet<string> = new Set([
  ...['SNMPv2-SMI', 'SNMPv2-CONF', 'SNMPv2-TC', 'RFC1155-SMI', 'RFC1065-SMI', 'RFC-1212', 'RFC-1215', 'RFC1213-MIB'],
]);

export interface BuiltInType {
  readonly base: string;
  readonly hint: string | null;
  readonly labels: readonly EnumLabel[] | null;
  /** Octets, when there are always as many. */
  readonly size?: number;
}

const type = (base: string, hint: string | null = null, names: readonly string[] | null = null): BuiltInType => ({
  ...{ base, hint },
  labels: names === null ? null : names.map((label, at) => ({ label, value: at + 1 })),
});

/** The textual conventions of RFC 2579 that change how a value is read. */
export const BUILT_IN_TYPES: Readonly<Record<string, BuiltInType>> = {
  DisplayString: type('OCTET STRING', '255a'),
  PhysAddress: type('OCTET STRING', '1x:'),
  MacAddress: { ...type('OCTET STRING', '1x:'), size: 6 },
  DateAndTime: type('OCTET STRING', '2d-1d-1d,1d:1d:1d.1d,1a1d:1d'),
  TruthValue: type('INTEGER', null, ['true', 'false']),
  RowStatus: type('INTEGER', null, ['active', 'notInService', 'notReady', 'createAndGo', 'createAndWait', 'destroy']),
  TestAndIncr: type('INTEGER'),
  ...{
    TimeStamp: type('TimeTicks'),
    TimeInterval: type('INTEGER'),
    TDomain: type('OBJECT IDENTIFIER'),
    TAddress: type('OCTET STRING'),
  },
  ...{ AutonomousType: type('OBJECT IDENTIFIER'), InstancePointer: type('OBJECT IDENTIFIER') },
  ...{ VariablePointer: type('OBJECT IDENTIFIER'), RowPointer: type('OBJECT IDENTIFIER') },
  StorageType: type('INTEGER', null, ['other', 'volatile', 'nonVolatile', 'permanent', 'readOnly']),
};

/** RFC 3418's, which RFC 3584 gives to the generic traps of SMIv1. */
export const GENERIC_TRAPS_OID = '1.3.6.1.6.3.1.1.5';
export const SNMP_GROUP_OID = '1.3.6.1.2.1.11';
