import { readFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { YosugaraError } from '@yosugara/kernel';
import { type UsmUser, usmUser } from '@yosugara/operations';
import type { UsmUserConfig } from '@yosugara/protocol';
import { NODE_USM_CRYPTO } from './crypto.js';

export class SnmpUserError extends YosugaraError {
  override readonly name = 'SnmpUserError';
  constructor(why: string, cause?: unknown) {
    super('SNMP_USER', why, { cause });
  }
}

/** Reads the passphrases and stretches them: some milliseconds for each user, with room for others in between. @throws SnmpUserError */
export async function loadSnmpUsers(configs: readonly UsmUserConfig[]): Promise<readonly UsmUser[]> {
  const users: UsmUser[] = [];
  for (const config of configs) {
    if (users.some((other) => other.name === config.name)) throw new SnmpUserError(`SNMP user ${config.name} is named twice`);
    const passphrases = {
      auth: await passphrase(config.name, config.authSecretFile),
      priv: await passphrase(config.name, config.privSecretFile),
    };
    const user = usmUser(NODE_USM_CRYPTO, config, passphrases);
    if (typeof user === 'string') throw new SnmpUserError(user);
    users.push(user);
    await turn();
  }
  return users;
}

async function passphrase(user: string, file: string | undefined): Promise<Uint8Array | null> {
  if (file === undefined) return null;
  try {
    const bytes = await readFile(file);
    // The line's end is the editor's.
    let end = bytes.length;
    while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--;
    return bytes.subarray(0, end);
  } catch (error) {
    throw new SnmpUserError(`cannot read ${file}: SNMP user ${user} needs its passphrase`, error);
  }
}
