import type { NodeConfig } from '@yosugara/protocol';

/** A contradiction in the file: where, what was found, and what is allowed instead and why. */
export interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly found: unknown;
  readonly allowed: string;
}

type Member = NodeConfig['cluster']['members'][number];

/** They say "off" without touching any power: a level of nothing else would prove what nobody knows (failover.md section 3). */
const PROVES_NOTHING = [
  ...['fence_ack_manual', 'fence_dummy', 'fence_manual', 'fence_null', 'fence_ssh'],
  ...['ssh', 'sshpass', 'plink', 'true', 'false', 'echo'],
];
/** How the agents call the address of their device. */
const ADDRESS_OPTIONS = ['ip', 'ipaddr', 'ipaddress', 'address', 'host', 'hostname'];
const ACTION_OPTIONS = ['action', 'o', 'option'];

export const isTwoNode = (config: NodeConfig): boolean => !config.cluster.members.some(({ kind }) => kind === 'witness');

/** What must be refused about power devices and stop proofs (failover.md section 3, "Must be refused"). */
export function fencingContradictions(config: NodeConfig): readonly Contradiction[] {
  const { members } = config.cluster;
  const found: Contradiction[] = members.flatMap((member, index) => deviceContradictions(member, index, isTwoNode(config)));
  found.push(...proofContradictions(config), ...(isTwoNode(config) ? twoNodeContradictions(config) : []));
  return found;
}

const membersPath = (index: number, ...rest: readonly (string | number)[]) => ['cluster', 'members', index, ...rest];

function deviceContradictions(member: Member, index: number, twoNode: boolean): Contradiction[] {
  const found: Contradiction[] = [];
  for (const [level, devices] of (member.fence ?? []).entries()) {
    if (devices.every(({ program }) => PROVES_NOTHING.includes(nameOf(program))))
      found.push({
        path: membersPath(index, 'fence', level),
        found: devices.map(({ program }) => nameOf(program)).join(' + '),
        allowed: `a device that cuts the power of ${member.id} and reads it back: this one says off whatever the host does, and a dead host and a cut link look the same to it`,
      });
    for (const [place, device] of devices.entries()) {
      const path = membersPath(index, 'fence', level, place);
      for (const [key, value] of Object.entries(device.options)) {
        const name = key.replace(/^-+/, '');
        if (ADDRESS_OPTIONS.includes(name) && value === member.address)
          found.push({
            path: [...path, 'options', key],
            found: value,
            allowed: `an address that is not ${member.id}'s own: a device that is reached through the host dies with it, and then nothing proves that it is off`,
          });
        if (ACTION_OPTIONS.includes(name) && value !== 'off')
          found.push({ path: [...path, 'options', key], found: value, allowed: actionAllowed(value, twoNode) });
        if (name === 'method' && value === 'cycle')
          found.push({ path: [...path, 'options', key], found: value, allowed: actionAllowed('reboot', twoNode) });
      }
    }
  }
  return found;
}

const actionAllowed = (value: unknown, twoNode: boolean): string =>
  twoNode && value === 'reboot'
    ? 'off: without an arbiter a host that comes up again by itself could cut the power of the survivor, and so on for ever'
    : 'off (or leave it out): off is what is ordered and read back; a host that was only reset may run again before anybody looks';

function proofContradictions(config: NodeConfig): Contradiction[] {
  const { members, stopProofs } = config.cluster;
  const data = members.flatMap((member, index) => (member.kind === 'data' ? [{ member, index }] : []));
  const bare = data.filter(({ member }) => member.fence === undefined || member.fence.length === 0);
  // None at all with an arbiter is the default of an installed server: it runs, and `status` has a red alarm.
  if (!stopProofs.includes('P2') || bare.length === 0 || (bare.length === data.length && !isTwoNode(config))) return [];
  if (bare.length === data.length)
    return [
      {
        path: ['cluster', 'members'],
        found: 'no power device and no witness',
        allowed:
          'a member of kind witness, or `fence` devices for both data nodes: with neither, a dead node cannot be told from a cut link, and nobody could ever take over by itself (stopProofs: [P1, P5] leaves it to an operator)',
      },
    ];
  return bare.map(({ member, index }) => ({
    path: membersPath(index, 'fence'),
    found: undefined,
    allowed: `power devices for ${member.id}: P2 is among stopProofs, and only the other data node could be switched off (take P2 out, or name a device)`,
  }));
}

function twoNodeContradictions(config: NodeConfig): Contradiction[] {
  const { stopProofs, fencing } = config.cluster;
  const found: Contradiction[] = stopProofs.flatMap((kind, index) =>
    kind === 'P3' || kind === 'P4'
      ? [
          {
            path: ['cluster', 'stopProofs', index],
            found: kind,
            allowed: `P1 | P2 | P5: ${kind} rests on the promise of a third voter, and there is no witness`,
          },
        ]
      : [],
  );
  const slowestMs = slowestOffMs(config);
  if (fencing.delayMs !== undefined && slowestMs > 0 && fencing.delayMs < slowestMs)
    found.push({
      path: ['cluster', 'fencing', 'delayMs'],
      found: fencing.delayMs,
      allowed: `at least ${slowestMs}, the time that a device takes (offMs), or nothing: the Standby must not shoot before the Master's own shot can have hit, or a cut link switches both off`,
    });
  if (fencing.powerOnAfter)
    found.push({
      path: ['cluster', 'fencing', 'powerOnAfter'],
      found: true,
      allowed:
        'false: without a witness a node that was switched off stays off until an operator has seen why; switched on beside a cut link it could only wait, or shoot back',
    });
  return found;
}

const nameOf = (program: string): string => (program.split('/').at(-1) ?? program).replace(/\.(py|sh)$/, '');

/**
 * How long a Standby without an arbiter waits before it shoots: 2 × (jitter of the detection + the slower node's time to a read-back
 * off), so that a Master that is alive has shot first, twice over (failover.md section 3, item 4).
 */
export function fenceDelayMs(config: NodeConfig, jitterMs: number): number {
  return config.cluster.fencing.delayMs ?? 2 * (jitterMs + slowestOffMs(config));
}

/** Of the first level of each node; the devices of a level are told one after the other. */
export const slowestOffMs = ({ cluster }: NodeConfig): number =>
  Math.max(0, ...cluster.members.map(({ fence }) => (fence?.[0] ?? []).reduce((sum, device) => sum + device.offMs, 0)));
