import type { FenceDeviceConfig } from '@yosugara/protocol';
import type { BoundedEnd } from '../os/bounded.js';
import type { DeviceContext, DeviceStatus, PowerDevice } from './device.js';
import { ProgramDevice } from './program-device.js';

/**
 * ClusterLabs fence agents (Debian package fence-agents; FenceAgentAPI.md of the project): options as name=value lines on standard
 * input; `off` and `on` exit 0, `status` exits 0 for on and 2 for off.
 */
export const agentDevice = (config: FenceDeviceConfig, path: string, context: DeviceContext): PowerDevice =>
  new ProgramDevice(config, context, {
    method: path.slice(path.lastIndexOf('/') + 1),
    program: path,
    args: () => [],
    // What is asked now stands in place of an action that was configured.
    input: (verb, options) =>
      Object.entries({ ...Object.fromEntries(options), action: verb })
        .map(([name, value]) => `${name}=${plain(value)}\n`)
        .join(''),
    powerOf,
  });

/** Fence agents take 1 and 0; `true` would be an unknown word to some. */
const plain = (value: string | number | boolean): string => (typeof value === 'boolean' ? (value ? '1' : '0') : String(value));

/**
 * Both the exit code and the words: an interpreter that cannot even open its script exits 2, too, and would pass for `off`.
 */
function powerOf(end: BoundedEnd | null): DeviceStatus['power'] {
  if (end?.kind !== 'ended') return 'unknown';
  if (end.code === 0 && /^status: on$/im.test(end.stdout)) return 'on';
  if (end.code === 2 && /^status: off$/im.test(end.stdout)) return 'off';
  return 'unknown';
}
