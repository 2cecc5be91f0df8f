import type { FenceDeviceConfig } from '@yosugara/protocol';
import type { BoundedEnd } from '../os/bounded.js';
import type { DeviceContext, DeviceStatus, PowerDevice } from './device.js';
import { ProgramDevice } from './program-device.js';

/**
 * An operator's own program: called with `off|on|status <node>`, options and secrets as name=value lines on standard input.
 * Exit 0: done. `status` prints `on` or `off` as its last line; anything else is unknown.
 */
export const commandDevice = (config: FenceDeviceConfig, context: DeviceContext): PowerDevice =>
  new ProgramDevice(config, context, {
    method: 'command',
    program: config.program,
    args: (verb) => [verb, context.target],
    input: (_verb, options) => options.map(([name, value]) => `${name}=${value}\n`).join(''),
    powerOf,
  });

function powerOf(end: BoundedEnd | null): DeviceStatus['power'] {
  const word = end?.kind === 'ended' && end.code === 0 ? end.stdout.trimEnd().split('\n').at(-1) : undefined;
  return word === 'on' || word === 'off' ? word : 'unknown';
}
