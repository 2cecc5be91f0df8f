import { type MessageToStore, VIA_VIP } from '@yosugara/runtime';

/** A row of node a's journal as ingest stores it. */
export function aMessage(receivedAtUs: number, seq: number, change: Partial<MessageToStore>): MessageToStore {
  return {
    ...{
      journalId: 'a-1-1',
      seq,
      node: 'a',
      receivedAtUs,
      kind: 'syslog',
      source: '10.9.9.9',
      flags: VIA_VIP,
      raw: Buffer.from('x'),
    },
    ...{ facility: 1, severity: 7, host: 'h', app: 'app', procId: null, msgId: null, sentAtUs: null, structured: null },
    ...{ varbinds: null, text: 'text', reason: null, content: null, seenBy: ['a'] },
    ...change,
  };
}
