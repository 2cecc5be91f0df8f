import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { explain } from '@yosugara/kernel';
import type { FenceDeviceConfig } from '@yosugara/protocol';
import { FenceError } from '../errors.js';

/** Read anew for each call, so that a changed password needs no restart. @throws FenceError FENCE_SECRET. */
export async function readSecrets(device: FenceDeviceConfig, stateDir: string): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {};
  for (const [option, path] of Object.entries(device.secretFiles))
    secrets[option] = oneLine(
      device,
      option,
      await readFile(at(path, stateDir), 'utf8').catch((cause) => missing(device, path, cause)),
    );
  return secrets;
}

/** At start. @throws FenceError FENCE_SECRET. */
export function checkSecrets(device: FenceDeviceConfig, stateDir: string): void {
  for (const [option, path] of Object.entries(device.secretFiles)) {
    try {
      oneLine(device, option, readFileSync(at(path, stateDir), 'utf8'));
    } catch (cause) {
      if (cause instanceof FenceError) throw cause;
      missing(device, path, cause);
    }
  }
}

const at = (path: string, stateDir: string): string => (isAbsolute(path) ? path : join(stateDir, path));

function missing(device: FenceDeviceConfig, path: string, cause: unknown): never {
  throw new FenceError(
    'FENCE_SECRET',
    `fence device ${device.name}: cannot read the secret file ${path}: ${explain(cause)}`,
    cause,
  );
}

function oneLine(device: FenceDeviceConfig, option: string, text: string): string {
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '' || /[\r\n]/.test(secret))
    throw new FenceError('FENCE_SECRET', `fence device ${device.name}: the secret file of ${option} must hold one line`);
  return secret;
}

/** An agent told to be verbose repeats its options, password included. */
export function redact(text: string, secrets: Readonly<Record<string, string>>): string {
  return Object.values(secrets).reduce((said, secret) => said.replaceAll(secret, '***'), text);
}
