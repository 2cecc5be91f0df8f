import { isIP, isIPv6 } from 'node:net';
import { type JoinRequest, PLATFORMS, parseSetting, type SettingInput } from '@yosugara/protocol';
import { JoinRefusedError, type NodeToken } from './agent-tables.js';

const MOST_ADDRESSES = 32;

/** Addresses that mean something to others: not of the host itself, nor of one line only (RFC 1122, 3927, 4291). */
const isOwnOnly = (address: string): boolean => /^(127\.|0\.|169\.254\.|::1$|::$|fe[89ab])/i.test(address);

/** As the repository has it when an agent joins whose node is not there. @param from where its question came from. @throws JoinRefusedError */
export function nodeOfAgent(request: JoinRequest, from: string, { scopes, ownerRole }: NodeToken): SettingInput {
  const { agent: id, hostName } = request;
  const said = [...new Set(request.addresses.map((address) => (isIPv6(address) ? address.toLowerCase() : address)))];
  const addresses = said.filter((address) => isIP(address) !== 0 && !isOwnOnly(address)).slice(0, MOST_ADDRESSES);
  const platform = PLATFORMS.find((each) => each === request.platform.toUpperCase()) ?? 'OTHER';
  const body = {
    name: id,
    platform,
    scopes: [...scopes],
    addresses: addresses.length > 0 || isIP(from) === 0 ? addresses : [from],
  };
  const description = 'registered by its agent';
  const whole = parseSetting({
    kind: 'node',
    id,
    description,
    ownerRole,
    body: { ...body, hostNames: hostName === '' ? [] : [hostName] },
  });
  if (whole.ok) return whole.setting;
  // A host may have a name that is none.
  const rest = parseSetting({ kind: 'node', id, description, ownerRole, body });
  if (rest.ok) return rest.setting;
  throw new JoinRefusedError(
    409,
    'NODE_REFUSED',
    rest.mistakes.map(({ place, found, allowed }) => `${place}: found ${found}, allowed is ${allowed}`).join('; '),
  );
}
