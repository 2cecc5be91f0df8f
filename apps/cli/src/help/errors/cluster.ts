import type { ErrorTexts } from './types.js';

/** Controllers, take-overs, recover, fences, certificates, joining. */
export const CLUSTER_ERRORS = {
  AHEAD_UNKNOWN: [
    'it cannot be told whether the node holds writes that the Master lacks',
    'let the node’s PostgreSQL be read (its volume, its programs), then recover again',
  ],
  BAD_AUTHORITY: [
    'what was given is no authority, or not the key of the one that signs',
    '`yosugara certificates list` names the one that signs; give its key, or `yosugara certificates rotate-ca`',
  ],
  BAD_CERTIFICATE: [
    'what was signed does not belong to this key or this authority',
    'look at the log of the data node that signed; `yosugara certificates renew` again',
  ],
  BUSY: ['another command of this kind is under way here', 'wait for its end, then ask again'],
  CERTIFICATE_MAKER: [
    'the child that makes keys failed',
    'look for memory and processes on this host; it is tried again by itself',
  ],
  CONFIG_INVALID: [
    'the configuration is not valid; the line, the key and what is allowed are named',
    'mend yosugara.yaml, then start again',
  ],
  CONFIG_UNREADABLE: ['yosugara.yaml cannot be read', 'look at its path and owner: the account of the programs reads it'],
  CONTROL_SOCKET: [
    'the controller cannot open its socket below the state directory',
    'look at owner and room of the state directory',
  ],
  DEADLINE: ['no answer in time; it may be done or not', 'look with `yosugara status`, then ask again'],
  FENCE_FAILED: ['the power device did not confirm that the node is off', '`yosugara runbook FENCE_FAILED`'],
  FENCE_NO_DEVICE: ['the node has no power device', 'configure one (docs/fencing.md), or switch the node off by hand'],
  FENCE_OPTION: [
    'the fence agent does not know an option of the configuration',
    'the sentence lists those that it knows; mend `fence` of the member',
  ],
  FENCE_PROGRAM: ['the fence agent is missing, or cannot be run', 'install `fence-agents`, or mend the path'],
  FENCE_SECRET: [
    'the secret of a power device cannot be read',
    'put the file where the configuration names it, 0600, of the programs’ account',
  ],
  FENCE_UNDER_WAY: ['the node is being switched off already', 'wait for its end: `yosugara status`'],
  FOREIGN_SYSTEM: [
    'the node’s data belongs to another database system',
    'look whose data it is; when nobody needs it: `yosugara recover --discard-unknown`',
  ],
  GIVEN_UP: ['the cluster gave the change of Master up; the old one is still Master', 'the alarms of `yosugara status` say why'],
  HOOK_CALLED_OFF: ['the node may not serve any more, so its hook was ended', 'nothing: the node that takes over runs its own'],
  HOOK_MISSING: ['a hook is asked for that is not configured', 'compare `hooks` of the configurations of both nodes'],
  HOOK_PROGRAM: ['the program of a hook is not given by an absolute path', 'mend `hooks` in the configuration'],
  IN_MAINTENANCE: ['the node is in maintenance', '`yosugara maintenance off`, or wait for its end'],
  IS_MASTER: ['the Master cannot be recovered to itself', 'name the other node'],
  LEVEL_NOT_SPOKEN: [
    'this program is too old or too new for the level of the cluster',
    '`yosugara upgrade status`; install the version that it names',
  ],
  MAINTENANCE: ['the node is in maintenance', '`yosugara maintenance off`, or wait for its end'],
  MEMBER_SILENT: ['a member did not answer over consensus', 'bring it, or the line to it, back: `yosugara status`'],
  NOBODY_SIGNS: ['no data node that answers keeps the authority’s key', '`yosugara runbook CERTIFICATES_UNKEPT`'],
  NODE_NOT_HEARD: ['the controller of that node is not heard', 'start the node and its controller, then ask again'],
  NODE_UNKNOWN: ['there is no such data node in the cluster', '`yosugara status` lists them'],
  NO_AUTHORITY: [
    'this member, or this node, has no authority to sign or to be signed by',
    '`yosugara certificates list`; for agents: ask the Master',
  ],
  NO_DATA_NODE: ['only data nodes keep the key of the authority', 'ask on a data node'],
  NO_HEIR: ['nobody could take over from that node now', '`yosugara recover` the other node first'],
  NO_MASTER: ['no Master serves now', '`yosugara runbook NO_MASTER`'],
  NO_QUORUM: ['the members that hear each other are no majority', 'bring members or lines back: `yosugara status`'],
  PAUSED: ['the cluster is paused', '`yosugara resume`, or wait for its end'],
  POLICY_STRICT: ['under the policy `strict` every write would wait for that node', 'change `policy`, or leave the node on'],
  PORT_BUSY: ['the port of the status endpoint is in use on this host', '`ss -ltnp` says by whom; end it, or change `ports`'],
  RECOVER_FAILED: [
    'recover of a node failed in the phase that is named; it goes on trying',
    'mend the cause; docs/recover.md has the phases',
  ],
  REFUSED: ['not possible as things are now; the sentence says why', 'do what it says, then ask again'],
  STILL_NEEDED: [
    'the certificate that the member shows is of none of the authorities that it should trust',
    '`yosugara certificates rotate-ca` goes on where it stopped',
  ],
  SWITCHOVER: ['a switchover is under way', 'ask again when it is over'],
  TIMING_UNSAFE: [
    'the timing of the profile does not add up to safe leases; the sentence names which',
    'take a profile as it is, or mend the times',
  ],
  TOOLS_MISSING: ['programs of PostgreSQL are missing on the node', 'install the PostgreSQL package of the same version there'],
  TRANSFER_PENDING: ['a change of the consensus leader is under way', 'ask again'],
  TRANSPORT_IDENTITY: [
    'the identity of this member is not a seed of 32 bytes, or not the one of the configuration',
    'compare `secrets/identity.seed` and `peerId`; never copy a seed between nodes',
  ],
  TRANSPORT_LISTEN: ['the address of this member is not on this host', 'bring the interface up, or mend `address`'],
  TRANSPORT_PORT_BUSY: ['the port of consensus is in use', '`ss -ltnp` says by whom; is a second controller running?'],
  UNAVAILABLE: ['this node cannot do that', 'ask on the node that the sentence names'],
  UNKNOWN_NODE: ['there is no member of that name', '`yosugara status` lists them'],
  VIP_DUPLICATE: ['another host has the floating address', 'find it by `arping`, and take the address off there'],
  VIP_FAILED: [
    'the floating address could not be put or taken',
    'the sentence has the answer of the system; look at interface and rights',
  ],
  VIP_LEASE_TOO_SHORT: [
    'too little of the lease is left to take the address',
    'it is taken with the next lease; when it stays: the host is short of processor time',
  ],
} as const satisfies ErrorTexts;
