import type { MibFile } from './types.js';

/**
 * What nearly every vendor's module imports, and what every agent's traps carry: names, numbers, types and labels as the RFCs state
 * them, in words of our own, without their texts. An uploaded module of the same name counts instead.
 */
const objects = (parent: string, from: number, ...rows: readonly string[]): string =>
  rows
    .map((row, at) => {
      const space = row.indexOf(' ');
      return `${row.slice(0, space)} OBJECT-TYPE SYNTAX ${row.slice(space + 1)} ::= { ${parent} ${from + at} }`;
    })
    .join('\n');
const nodes = (parent: string, from: number, ...names: readonly string[]): string =>
  names.map((name, at) => `${name} OBJECT IDENTIFIER ::= { ${parent} ${from + at} }`).join('\n');
/** A table and its row. @param index `INDEX { … }` or `AUGMENTS { … }`. */
const table = (name: string, parent: string, number: number, index: string): string => {
  const entry = name.replace(/Table$/, 'Entry');
  const type = entry[0]!.toUpperCase() + entry.slice(1);
  return `${name} OBJECT-TYPE SYNTAX SEQUENCE OF ${type} ::= { ${parent} ${number} }
${entry} OBJECT-TYPE SYNTAX ${type} ${index} ::= { ${name} 1 }
${type} ::= SEQUENCE { none NULL }`;
};
const convention = (name: string, hint: string, syntax: string): string =>
  `${name} ::= TEXTUAL-CONVENTION ${hint === '' ? '' : `DISPLAY-HINT "${hint}" `}SYNTAX ${syntax}`;
const module = (name: string, ...parts: readonly string[]): MibFile => ({
  name,
  text: `${name} DEFINITIONS ::= BEGIN\n${parts.join('\n')}\nEND\n`,
});

const COUNTERS = 'Counter32';
const count = (...names: readonly string[]) => names.map((name) => `${name} ${COUNTERS}`);

/** RFC 3418, and of RFC 1907 what it kept as obsolete. */
const SNMP_V2_MIB = module(
  'SNMPv2-MIB',
  nodes('snmpModules', 1, 'snmpMIB'),
  nodes('snmpMIB', 1, 'snmpMIBObjects', 'snmpMIBConformance'),
  nodes('snmpMIBConformance', 1, 'snmpMIBCompliances', 'snmpMIBGroups'),
  ...[nodes('mib-2', 1, 'system'), nodes('mib-2', 11, 'snmp')],
  objects('system', 1, 'sysDescr DisplayString', 'sysObjectID OBJECT IDENTIFIER', 'sysUpTime TimeTicks'),
  objects('system', 4, 'sysContact DisplayString', 'sysName DisplayString', 'sysLocation DisplayString', 'sysServices INTEGER'),
  objects('system', 8, 'sysORLastChange TimeStamp'),
  table('sysORTable', 'system', 9, 'INDEX { sysORIndex }'),
  objects(
    'sysOREntry',
    1,
    'sysORIndex INTEGER',
    'sysORID OBJECT IDENTIFIER',
    'sysORDescr DisplayString',
    'sysORUpTime TimeStamp',
  ),
  objects(
    ...(['snmp', 1] as const),
    ...count('snmpInPkts', 'snmpOutPkts', 'snmpInBadVersions', 'snmpInBadCommunityNames'),
    ...count('snmpInBadCommunityUses', 'snmpInASNParseErrs'),
  ),
  objects(
    ...(['snmp', 8] as const),
    ...count('snmpInTooBigs', 'snmpInNoSuchNames', 'snmpInBadValues', 'snmpInReadOnlys', 'snmpInGenErrs'),
    ...count('snmpInTotalReqVars', 'snmpInTotalSetVars', 'snmpInGetRequests', 'snmpInGetNexts', 'snmpInSetRequests'),
    ...count('snmpInGetResponses', 'snmpInTraps', 'snmpOutTooBigs', 'snmpOutNoSuchNames', 'snmpOutBadValues'),
  ),
  objects(
    ...(['snmp', 24] as const),
    ...count('snmpOutGenErrs', 'snmpOutGetRequests', 'snmpOutGetNexts', 'snmpOutSetRequests', 'snmpOutGetResponses'),
    ...count('snmpOutTraps'),
    'snmpEnableAuthenTraps INTEGER { enabled(1), disabled(2) }',
    ...count('snmpSilentDrops', 'snmpProxyDrops'),
  ),
  nodes('snmpMIBObjects', 4, 'snmpTrap', 'snmpTraps', 'snmpSet'),
  objects('snmpTrap', 1, 'snmpTrapOID OBJECT IDENTIFIER'),
  objects('snmpTrap', 3, 'snmpTrapEnterprise OBJECT IDENTIFIER'),
  objects('snmpSet', 1, 'snmpSetSerialNo TestAndIncr'),
  'coldStart NOTIFICATION-TYPE ::= { snmpTraps 1 }',
  'warmStart NOTIFICATION-TYPE ::= { snmpTraps 2 }',
  'authenticationFailure NOTIFICATION-TYPE ::= { snmpTraps 5 }',
  // RFC 1213's, for which RFC 3584 has the number.
  'egpNeighborLoss NOTIFICATION-TYPE ::= { snmpTraps 6 }',
);

/** Of IANA's registry the types that are still met; IANAifType-MIB itself has them all. */
const IF_TYPE =
  'INTEGER { other(1), ethernetCsmacd(6), ppp(23), softwareLoopback(24), frameRelay(32), atm(37), propVirtual(53), ' +
  'fibreChannel(56), ieee80211(71), tunnel(131), l2vlan(135), l3ipvlan(136), ieee8023adLag(161), mpls(166), bridge(209) }';
const IF_STATUS = 'up(1), down(2), testing(3)';

/** RFC 2863. */
const IF_MIB = module(
  'IF-MIB',
  ...[nodes('mib-2', 31, 'ifMIB'), nodes('ifMIB', 1, 'ifMIBObjects', 'ifConformance'), nodes('mib-2', 2, 'interfaces')],
  nodes('ifConformance', 1, 'ifGroups', 'ifCompliances'),
  ...[convention('OwnerString', '255a', 'OCTET STRING'), convention('InterfaceIndex', 'd', 'Integer32')],
  convention('InterfaceIndexOrZero', 'd', 'Integer32'),
  objects('interfaces', 1, 'ifNumber Integer32'),
  table('ifTable', 'interfaces', 2, 'INDEX { ifIndex }'),
  objects(
    ...(['ifEntry', 1] as const),
    ...['ifIndex InterfaceIndex', 'ifDescr DisplayString', `ifType ${IF_TYPE}`, 'ifMtu Integer32', 'ifSpeed Gauge32'],
    ...['ifPhysAddress PhysAddress', `ifAdminStatus INTEGER { ${IF_STATUS} }`],
    `ifOperStatus INTEGER { ${IF_STATUS}, unknown(4), dormant(5), notPresent(6), lowerLayerDown(7) }`,
    'ifLastChange TimeTicks',
    ...count('ifInOctets', 'ifInUcastPkts', 'ifInNUcastPkts', 'ifInDiscards', 'ifInErrors', 'ifInUnknownProtos'),
    ...count('ifOutOctets', 'ifOutUcastPkts', 'ifOutNUcastPkts', 'ifOutDiscards', 'ifOutErrors'),
    ...['ifOutQLen Gauge32', 'ifSpecific OBJECT IDENTIFIER'],
  ),
  table('ifXTable', 'ifMIBObjects', 1, 'AUGMENTS { ifEntry }'),
  objects(
    ...(['ifXEntry', 1] as const),
    'ifName DisplayString',
    ...count('ifInMulticastPkts', 'ifInBroadcastPkts', 'ifOutMulticastPkts', 'ifOutBroadcastPkts'),
    ...['ifHCInOctets', 'ifHCInUcastPkts', 'ifHCInMulticastPkts', 'ifHCInBroadcastPkts'].map((name) => `${name} Counter64`),
    ...['ifHCOutOctets', 'ifHCOutUcastPkts', 'ifHCOutMulticastPkts', 'ifHCOutBroadcastPkts'].map((name) => `${name} Counter64`),
    ...['ifLinkUpDownTrapEnable INTEGER { enabled(1), disabled(2) }', 'ifHighSpeed Gauge32', 'ifPromiscuousMode TruthValue'],
    ...['ifConnectorPresent TruthValue', 'ifAlias DisplayString', 'ifCounterDiscontinuityTime TimeStamp'],
  ),
  table('ifStackTable', 'ifMIBObjects', 2, 'INDEX { ifStackHigherLayer, ifStackLowerLayer }'),
  objects('ifStackEntry', 1, 'ifStackHigherLayer InterfaceIndexOrZero', 'ifStackLowerLayer InterfaceIndexOrZero'),
  objects('ifStackEntry', 3, 'ifStackStatus RowStatus'),
  table('ifRcvAddressTable', 'ifMIBObjects', 4, 'INDEX { ifIndex, ifRcvAddressAddress }'),
  objects('ifRcvAddressEntry', 1, 'ifRcvAddressAddress PhysAddress', 'ifRcvAddressStatus RowStatus'),
  objects('ifRcvAddressEntry', 3, 'ifRcvAddressType INTEGER { other(1), volatile(2), nonVolatile(3) }'),
  objects('ifMIBObjects', 5, 'ifTableLastChange TimeTicks', 'ifStackLastChange TimeTicks'),
  'linkDown NOTIFICATION-TYPE OBJECTS { ifIndex, ifAdminStatus, ifOperStatus } ::= { snmpTraps 3 }',
  'linkUp NOTIFICATION-TYPE OBJECTS { ifIndex, ifAdminStatus, ifOperStatus } ::= { snmpTraps 4 }',
);

/** RFC 3411. */
const SNMP_FRAMEWORK_MIB = module(
  'SNMP-FRAMEWORK-MIB',
  nodes('snmpModules', 10, 'snmpFrameworkMIB'),
  nodes('snmpFrameworkMIB', 1, 'snmpFrameworkAdmin', 'snmpFrameworkMIBObjects', 'snmpFrameworkMIBConformance'),
  nodes('snmpFrameworkAdmin', 1, 'snmpAuthProtocols', 'snmpPrivProtocols'),
  nodes('snmpFrameworkMIBObjects', 1, 'snmpEngine'),
  ...[convention('SnmpEngineID', '', 'OCTET STRING'), convention('SnmpAdminString', '255t', 'OCTET STRING')],
  ...[convention('SnmpSecurityModel', '', 'INTEGER'), convention('SnmpMessageProcessingModel', '', 'INTEGER')],
  convention('SnmpSecurityLevel', '', 'INTEGER { noAuthNoPriv(1), authNoPriv(2), authPriv(3) }'),
  objects('snmpEngine', 1, 'snmpEngineID SnmpEngineID', 'snmpEngineBoots INTEGER', 'snmpEngineTime INTEGER'),
  objects('snmpEngine', 4, 'snmpEngineMaxMessageSize INTEGER'),
);

/** RFC 3415. */
const SNMP_VACM_MIB = module(
  'SNMP-VIEW-BASED-ACM-MIB',
  'IMPORTS SnmpAdminString, SnmpSecurityLevel, SnmpSecurityModel FROM SNMP-FRAMEWORK-MIB;',
  ...[nodes('snmpModules', 16, 'snmpVacmMIB'), nodes('snmpVacmMIB', 1, 'vacmMIBObjects', 'vacmMIBConformance')],
  table('vacmContextTable', 'vacmMIBObjects', 1, 'INDEX { vacmContextName }'),
  objects('vacmContextEntry', 1, 'vacmContextName SnmpAdminString'),
  table('vacmSecurityToGroupTable', 'vacmMIBObjects', 2, 'INDEX { vacmSecurityModel, vacmSecurityName }'),
  objects('vacmSecurityToGroupEntry', 1, 'vacmSecurityModel SnmpSecurityModel', 'vacmSecurityName SnmpAdminString'),
  objects('vacmSecurityToGroupEntry', 3, 'vacmGroupName SnmpAdminString', 'vacmSecurityToGroupStorageType StorageType'),
  objects('vacmSecurityToGroupEntry', 5, 'vacmSecurityToGroupStatus RowStatus'),
  table(
    'vacmAccessTable',
    'vacmMIBObjects',
    4,
    'INDEX { vacmGroupName, vacmAccessContextPrefix, vacmAccessSecurityModel, vacmAccessSecurityLevel }',
  ),
  objects('vacmAccessEntry', 1, 'vacmAccessContextPrefix SnmpAdminString', 'vacmAccessSecurityModel SnmpSecurityModel'),
  objects('vacmAccessEntry', 3, 'vacmAccessSecurityLevel SnmpSecurityLevel'),
  objects('vacmAccessEntry', 4, 'vacmAccessContextMatch INTEGER { exact(1), prefix(2) }'),
  objects('vacmAccessEntry', 5, 'vacmAccessReadViewName SnmpAdminString', 'vacmAccessWriteViewName SnmpAdminString'),
  objects('vacmAccessEntry', 7, 'vacmAccessNotifyViewName SnmpAdminString', 'vacmAccessStorageType StorageType'),
  objects('vacmAccessEntry', 9, 'vacmAccessStatus RowStatus'),
  nodes('vacmMIBObjects', 5, 'vacmMIBViews'),
  objects('vacmMIBViews', 1, 'vacmViewSpinLock TestAndIncr'),
  table('vacmViewTreeFamilyTable', 'vacmMIBViews', 2, 'INDEX { vacmViewTreeFamilyViewName, vacmViewTreeFamilySubtree }'),
  objects('vacmViewTreeFamilyEntry', 1, 'vacmViewTreeFamilyViewName SnmpAdminString'),
  objects('vacmViewTreeFamilyEntry', 2, 'vacmViewTreeFamilySubtree OBJECT IDENTIFIER', 'vacmViewTreeFamilyMask OCTET STRING'),
  objects('vacmViewTreeFamilyEntry', 4, 'vacmViewTreeFamilyType INTEGER { included(1), excluded(2) }'),
  objects('vacmViewTreeFamilyEntry', 5, 'vacmViewTreeFamilyStorageType StorageType', 'vacmViewTreeFamilyStatus RowStatus'),
);

/** RFC 3584; a v1 trap's address and community travel as these. */
const SNMP_COMMUNITY_MIB = module(
  'SNMP-COMMUNITY-MIB',
  ...[nodes('snmpModules', 18, 'snmpCommunityMIB'), nodes('snmpCommunityMIB', 1, 'snmpCommunityMIBObjects')],
  objects('snmpCommunityMIBObjects', 3, 'snmpTrapAddress IpAddress', 'snmpTrapCommunity OCTET STRING'),
);

/** RFC 3417. */
const SNMP_V2_TM = module(
  'SNMPv2-TM',
  nodes('snmpModules', 19, 'snmpv2tm'),
  nodes('snmpDomains', 1, 'snmpUDPDomain', 'snmpCLNSDomain', 'snmpCONSDomain', 'snmpDDPDomain', 'snmpIPXDomain'),
  ...[nodes('snmpProxys', 1, 'rfc1157Proxy'), nodes('rfc1157Proxy', 1, 'rfc1157Domain')],
  ...[convention('SnmpUDPAddress', '1d.1d.1d.1d/2d', 'OCTET STRING'), convention('SnmpOSIAddress', '*1x:/1x:', 'OCTET STRING')],
  ...[convention('SnmpNBPAddress', '', 'OCTET STRING'), convention('SnmpIPXAddress', '4x.1x:1x:1x:1x:1x:1x.2d', 'OCTET STRING')],
);

/** RFC 4001. */
const INET_ADDRESS_MIB = module(
  'INET-ADDRESS-MIB',
  nodes('mib-2', 76, 'inetAddressMIB'),
  convention('InetAddressType', '', 'INTEGER { unknown(0), ipv4(1), ipv6(2), ipv4z(3), ipv6z(4), dns(16) }'),
  convention('InetAddress', '', 'OCTET STRING'),
  ...[
    convention('InetAddressIPv4', '1d.1d.1d.1d', 'OCTET STRING'),
    convention('InetAddressIPv4z', '1d.1d.1d.1d%4d', 'OCTET STRING'),
  ],
  convention('InetAddressIPv6', '2x:2x:2x:2x:2x:2x:2x:2x', 'OCTET STRING'),
  convention('InetAddressIPv6z', '2x:2x:2x:2x:2x:2x:2x:2x%4d', 'OCTET STRING'),
  ...[convention('InetAddressDNS', '255a', 'OCTET STRING'), convention('InetAddressPrefixLength', 'd', 'Unsigned32')],
  ...[convention('InetPortNumber', 'd', 'Unsigned32'), convention('InetAutonomousSystemNumber', 'd', 'Unsigned32')],
  ...[convention('InetZoneIndex', 'd', 'Unsigned32'), convention('InetVersion', '', 'INTEGER { unknown(0), ipv4(1), ipv6(2) }')],
  convention(
    'InetScopeType',
    '',
    'INTEGER { interfaceLocal(1), linkLocal(2), subnetLocal(3), adminLocal(4), siteLocal(5), organizationLocal(8), global(14) }',
  ),
);

/** RFC 2856. */
const HCNUM_TC = module(
  'HCNUM-TC',
  nodes('mib-2', 78, 'hcnumTC'),
  ...[convention('CounterBasedGauge64', '', 'Counter64'), convention('ZeroBasedCounter64', '', 'Counter64')],
);

/** RFC 1213: the groups that other modules hang their own from. Its objects of the system and of interfaces are those of the newer modules. */
const RFC1213_MIB = module('RFC1213-MIB', nodes('mib-2', 3, 'at', 'ip', 'icmp', 'tcp', 'udp', 'egp'));

export const BASE_MODULES: readonly MibFile[] = [
  ...[
    SNMP_V2_MIB,
    IF_MIB,
    SNMP_FRAMEWORK_MIB,
    SNMP_VACM_MIB,
    SNMP_COMMUNITY_MIB,
    SNMP_V2_TM,
    INET_ADDRESS_MIB,
    HCNUM_TC,
    RFC1213_MIB,
  ],
];
