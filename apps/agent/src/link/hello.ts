import { hostname, networkInterfaces, type as osType, release } from 'node:os';
import { AGENT_PROTOCOL, type FromAgent } from '@yosugara/protocol/agents';

type Hello = Extract<FromAgent, { say: 'hello' }>;

/** What an agent says of itself and its host first. */
export function helloOf(
  of: Pick<Hello, 'version' | 'agent' | 'spool' | 'instance' | 'highestEpoch' | 'acked' | 'startedAtMs'>,
): Hello {
  const addresses = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).filter(({ internal }) => !internal).map(({ address }) => address),
  );
  return {
    ...{ say: 'hello', protocol: AGENT_PROTOCOL, ...of },
    ...{ hostName: hostname().slice(0, 255), addresses: addresses.slice(0, 64), platform: 'LINUX' },
    os: `${osType()} ${release()}`.slice(0, 256),
  };
}
