import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { FenceDeviceConfig } from '@yosugara/protocol';
import { FenceError } from '../errors.js';
import { runBounded } from '../os/bounded.js';

const AGENT_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin'];
const METADATA_MS = 10_000;
/** Each calls a node dead without touching its power: a split brain with a receipt. */
const NEVER = new Set(['fence_ack_manual', 'fence_dummy', 'fence_null', 'fence_ssh', 'fence_kdump']);

/** @throws FenceError FENCE_PROGRAM — with where it was looked for, or why it is refused. */
export function findProgram(device: FenceDeviceConfig): string {
  const { name, program, driver } = device;
  const base = program.slice(program.lastIndexOf('/') + 1);
  if (NEVER.has(base))
    throw new FenceError('FENCE_PROGRAM', `fence device ${name}: ${base} does not switch any power off, so it proves nothing`);
  if (driver === 'command' && !isAbsolute(program))
    throw new FenceError(
      'FENCE_PROGRAM',
      `fence device ${name}: the program of a command device is an absolute path, not ${program}`,
    );
  const tried = isAbsolute(program) ? [program] : AGENT_FOLDERS.map((folder) => join(folder, program));
  const found = tried.find(executable);
  if (found !== undefined) return found;
  const hint = driver === 'agent' ? '; fence agents come with the Debian package fence-agents' : '';
  throw new FenceError('FENCE_PROGRAM', `fence device ${name}: no program ${program}: looked for ${tried.join(', ')}${hint}`);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Names of the agent's options, from its own description; null: it did not say. */
export async function agentOptions(path: string): Promise<ReadonlySet<string> | null> {
  const end = await runBounded({ program: path, args: ['-o', 'metadata'], deadlineMs: METADATA_MS });
  const names = [...end.stdout.matchAll(/<parameter name="([^"]+)"/g)].map(([, name]) => name!);
  // Its head is cut off when it says more than we keep: then we know only a part, and refuse nothing.
  return end.kind === 'ended' && end.stdout.includes('<resource-agent') && names.length > 0 ? new Set(names) : null;
}

/** Agents ignore an option they do not know: a misspelt address would be found on the night it is needed. */
export function checkOptions(device: FenceDeviceConfig, known: ReadonlySet<string>): void {
  const given = [...Object.keys(device.options), ...Object.keys(device.secretFiles)];
  const unknown = given.filter((option) => !known.has(option));
  if (unknown.length > 0)
    throw new FenceError(
      'FENCE_OPTION',
      `fence device ${device.name}: ${device.program} has no option ${unknown.join(', ')}; it knows ${[...known].sort().join(', ')}`,
    );
}

const SECRET = /^(pass(wd|word|phrase)?|secret.*|.*_secret|.*_password|token|snmp_priv_passwd|hexadecimal_kg)$/;

/** What must not be written as it stands in a configuration file. */
export function checkWriting(device: FenceDeviceConfig): void {
  for (const [option, value] of Object.entries(device.options)) {
    if (SECRET.test(option))
      throw new FenceError(
        'FENCE_OPTION',
        `fence device ${device.name}: ${option} is a secret: name a file with it in secretFiles`,
      );
    if (option === 'action')
      throw new FenceError('FENCE_OPTION', `fence device ${device.name}: action is ours to say, not an option`);
    if (/[\r\n]/.test(`${option}${value}`))
      throw new FenceError('FENCE_OPTION', `fence device ${device.name}: the option ${option} holds a line break`);
  }
}
