import { compileMibs, customTraps, parseCustom } from '@yosugara/operations';
import { must, type Target, utf8 } from './target.js';

const MIB = `TEST-MIB DEFINITIONS ::= BEGIN
IMPORTS MODULE-IDENTITY, OBJECT-TYPE, NOTIFICATION-TYPE, enterprises, Integer32 FROM SNMPv2-SMI
  DisplayString, TEXTUAL-CONVENTION FROM SNMPv2-TC;
testMIB MODULE-IDENTITY LAST-UPDATED "202611210000Z" ORGANIZATION "o" CONTACT-INFO "c" DESCRIPTION "d ""quoted""" ::= { enterprises 99999 }
State ::= TEXTUAL-CONVENTION DISPLAY-HINT "d-2" STATUS current DESCRIPTION "" SYNTAX INTEGER { up(1), down(2) }
testState OBJECT-TYPE SYNTAX State MAX-ACCESS read-only STATUS current DESCRIPTION "x" ::= { testMIB 1 }
testName OBJECT-TYPE SYNTAX DisplayString (SIZE (0..255)) MAX-ACCESS read-only STATUS current DESCRIPTION "x" ::= { testMIB 2 }
-- a comment
testDown NOTIFICATION-TYPE OBJECTS { testState, testName } STATUS current DESCRIPTION "down" ::= { testMIB 0 1 }
testTrap TRAP-TYPE ENTERPRISE testMIB VARIABLES { testState } DESCRIPTION "v1" ::= 7
END
`;

const LATIN1 = new TextDecoder('latin1');

const MIBS: Target = {
  name: 'mib',
  corpus: [utf8(MIB), utf8(MIB.replaceAll('TEST-MIB', 'OTHER-MIB').replace('{ enterprises 99999 }', '{ testMIB 5 }'))],
  dictionary: [
    '::=',
    'BEGIN',
    'END',
    '{',
    '}',
    '"',
    '--',
    'testMIB',
    'OBJECT-TYPE',
    'SYNTAX',
    'IMPORTS',
    'FROM',
    ';',
    '4294967296',
    "'ff'H",
    'MACRO',
    ' ',
  ].map(utf8),
  check(input) {
    const text = LATIN1.decode(input);
    const { problems, store } = compileMibs([{ name: 'a.mib', text }]);
    const lines = text.split('\n').length + 1;
    for (const problem of problems)
      must(problem.line >= 1 && problem.line <= lines && problem.message !== '', `problem ${JSON.stringify(problem)}`);
    must(store !== null, 'no store');
  },
};

const CUSTOM: Target = {
  name: 'custom',
  corpus: [
    '{"key":"disk.usage","message":"97","type":"number","date":"2026-11-21T10:00:00+09:00","facility":"WEB01"}',
    '{"FacilityID":"WEB01","DATA":[{"DATE":"2026/11/21 10:00:00","TYPE":"STRING","KEY":"app","MSG":"テスト"}]}',
    '[{"key":"a","message":"b"},{"key":"c","message":"d","date":1795255200000}]',
  ].map(utf8),
  dictionary: [
    '"key":',
    '"message":',
    '"__proto__":{}',
    'null',
    '[]',
    '{}',
    '1e400',
    '"\\u0000"',
    '"\\ud800"',
    '"date":-1',
    ',',
    '"',
  ].map(utf8),
  check(input) {
    const message = parseCustom(input);
    must(!message.text.includes('\0') && message.text.isWellFormed(), 'the text cannot be stored');
    must(message.sentAtUs === null || Number.isSafeInteger(message.sentAtUs), `sentAtUs ${message.sentAtUs}`);
    let document: unknown;
    try {
      document = JSON.parse(LATIN1.decode(input));
    } catch {
      return;
    }
    const outcome = customTraps(document);
    must(outcome.kind === 'wrong' || outcome.traps.length > 0, 'no traps');
  },
};

export const DOCUMENT_TARGETS: readonly Target[] = [MIBS, CUSTOM];
