import { addressKey } from '@yosugara/operations';
import { addressFamily, type NodeConfig } from '@yosugara/protocol';
import type { Contradiction } from './fencing-rules.js';

type Path = Contradiction['path'];

/** As certificates write names of hosts: labels of letters, digits and hyphens, the whole left-most one perhaps `*`. */
const NAME = /^(?:\*\.)?(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})*$/;

/** What must be refused about receivers. */
export function receiverContradictions({ receiver, ports }: NodeConfig): readonly Contradiction[] {
  const { tls, sources } = receiver;
  const found: Contradiction[] = [
    ...receiver.allow.flatMap((sender, index) => senderProblem(sender, ['receiver', 'allow', index])),
    ...tls.allow.flatMap((sender, index) => senderProblem(sender, ['receiver', 'tls', 'allow', index])),
  ];
  if (tls.clientCertificate === 'none')
    for (const [list, path] of [
      [receiver.allow, ['receiver', 'allow']],
      [tls.allow, ['receiver', 'tls', 'allow']],
    ] as const)
      for (const [index, sender] of list.entries())
        if (isName(sender))
          found.push({
            path: [...path, index],
            found: sender,
            allowed: 'an address or a network: with receiver.tls.clientCertificate none no sender shows a name',
          });
  if ((tls.keyFile === undefined) !== (tls.certFile === undefined))
    found.push({
      path: ['receiver', 'tls', tls.keyFile === undefined ? 'keyFile' : 'certFile'],
      found: undefined,
      allowed: 'keyFile and certFile together, or neither: then the node’s own are used',
    });
  const seen = new Map<string, number>();
  for (const [index, { address, alias }] of sources.entries()) {
    const key = addressKey(address);
    const path = ['receiver', 'sources', index];
    if (seen.has(key))
      found.push({
        path: [...path, 'address'],
        found: address,
        allowed: `each address once; it is also source ${seen.get(key)}`,
      });
    if (alias !== undefined && addressKey(alias) === key)
      found.push({
        path: [...path, 'alias'],
        found: alias,
        allowed: 'the address under which the device is known, when it is another',
      });
    seen.set(key, index);
  }
  return [...found, ...portProblems(ports)];
}

function senderProblem(sender: string, path: Path): Contradiction[] {
  const [network = '', prefix, ...more] = sender.split('/');
  const family = addressFamily(network);
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32));
  const isNetwork = family !== null && more.length === 0 && isPrefix;
  if (isNetwork || isName(sender)) return [];
  return [{ path, found: sender, allowed: 'an address, a network such as 10.0.0.0/8, or the name in a certificate' }];
}

/** `10.0.0` and `10.0.0.256` are addresses gone wrong, not names. */
const isName = (sender: string): boolean => NAME.test(sender) && /[A-Za-z]/.test(sender) && addressFamily(sender) === null;

function portProblems(ports: NodeConfig['ports']): Contradiction[] {
  // syslog and trap share numbers with TCP listeners at most; traps are UDP.
  const tcp = Object.entries(ports).filter(([name]) => name !== 'trap');
  const found = tcp.flatMap(([name, port], index): Contradiction[] => {
    const other = tcp.slice(0, index).find(([, taken]) => taken === port)?.[0];
    return other === undefined ? [] : [{ path: ['ports', name], found: port, allowed: `a port that ports.${other} has not` }];
  });
  return ports.trap === ports.syslog
    ? [...found, { path: ['ports', 'trap'], found: ports.trap, allowed: 'a port that ports.syslog has not: both are UDP' }]
    : found;
}
