import { NodeConfigSchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { selfContradictions } from './self-rules.js';

const problems = (selfMonitoring: object) =>
  selfContradictions(
    NodeConfigSchema.parse({
      cluster: {
        id: 'spec',
        members: [
          { id: 'a', kind: 'data', address: '10.0.0.1', peerId: 'pa' },
          { id: 'b', kind: 'data', address: '10.0.0.2', peerId: 'pb' },
        ],
        vip: { address: '10.0.0.9', driver: 'none' },
      },
      ...{ node: 'a', stateDir: '/s', dataDir: '/d', selfMonitoring },
    }),
  ).map(({ path, found }) => `${path.slice(1).join('.')}: ${String(found)}`);

describe('of watching ourselves is refused', () => {
  it('a limit of what nobody watches, and one that is milder for what is worse', () => {
    expect(problems({ limits: { 'outbox-age': { warning: 60, critical: 600 }, 'slow-query': { warning: null } } })).toEqual([]);
    expect(problems({ limits: { 'outbox-old': { warning: 60 } } })).toEqual(['limits.outbox-old: outbox-old']);
    expect(problems({ limits: { 'outbox-age': { warning: 600, critical: 60 } } })).toEqual(['limits.outbox-age: 600,60']);
    expect(problems({ limits: { 'certificate-end': { warning: 1, critical: 2 } } })).toEqual(['limits.certificate-end: 1,2']);
  });
  it('syslog to ourselves: a word about a trouble with messages would be a message more', () => {
    const to = (target: object) => problems({ syslog: [target] });
    for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.9']) {
      expect(to({ host, port: 5_514 }), host).toEqual([`syslog.0.host: ${host}:5514`]);
      expect(to({ host, transport: 'tls' }), host).toEqual([`syslog.0.host: ${host}:6514`]);
      // Somebody else's on the same host.
      expect(to({ host, port: 514 }), host).toEqual([]);
    }
    expect(to({ host: '10.0.0.3', port: 5_514 })).toEqual([]);
  });
  it('a target that is none, or half another one', () => {
    expect(problems({ syslog: [{}] })).toEqual(['syslog.0.host: undefined']);
    expect(problems({ syslog: [{ transport: 'local' }] })).toEqual([]);
    expect(problems({ syslog: [{ transport: 'local', host: '10.0.0.3' }] })).toEqual(['syslog.0: 10.0.0.3']);
    expect(problems({ syslog: [{ host: '10.0.0.3', caFile: 'ca.pem' }] })).toEqual(['syslog.0.caFile: ca.pem']);
  });
});
