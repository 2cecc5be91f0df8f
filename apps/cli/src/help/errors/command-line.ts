import type { ErrorTexts } from './types.js';

/** The command line, and hosts that join. */
export const COMMAND_LINE_ERRORS = {
  ALREADY_EXISTS: ['this host or folder holds a member already', 'look what it is; remove it only when it is none'],
  BAD_CONFIG: ['the configuration that was found is not one of a node', 'name the right one by `--config`'],
  BAD_REQUEST: ['the first server does not understand the question', 'install the same version on both'],
  BAD_STATE: ['what is known of the cluster that forms cannot be read', 'remove the named file and begin again'],
  CANNOT_START: ['the local cluster cannot be started', 'do what the sentence says'],
  CHECKS_FAILED: ['checks of this host failed', 'mend what they name, or `--accept` them'],
  FAILED: ['the first server could not answer', 'its log: `journalctl -u yosugara-forming`'],
  FIRST_SERVER: ['the first server’s answer is not understood', 'install the same version on both'],
  HTTP: ['the manager answered what was not expected', 'is it of this version? its log says more'],
  IDENTITY_KNOWN: ['another member has this identity', 'a folder was copied: remove it here and join anew'],
  INVALID_INPUT: [
    'something that was given is not as it must be; place, what was found and what is allowed are named',
    'mend it',
  ],
  NOT_ALONE: [
    'this node was not Master alone when it was stopped, or its consensus log holds nothing',
    'stop the Standby, wait until status shows this node alone, then stop it',
  ],
  NOT_A_MEMBER: ['the first server does not know this certificate', 'join with a new token: `yosugara join-token`'],
  NOT_FORMING: ['no cluster is being formed on this host', 'ask on the first server; a whole cluster takes no tokens'],
  NOT_MASTER: ['this is done on the Master only', 'nothing where a timer asks on both nodes; else ask on the Master'],
  NOT_WHOLE: ['members are missing', 'join them first'],
  NO_CLUSTER: ['no node was found on this host', 'name its configuration by `--config`, or set `YOSUGARA_SERVER`'],
  NO_CONTROLLER: [
    'no controller answers',
    'is it running? `systemctl status yosugara-controller`; do you have the right to its socket?',
  ],
  NO_MANAGER: ['no manager answers', '`yosugara status`: is there a Master?'],
  NO_RUNBOOK: ['there is no page of that name', '`yosugara runbook` lists them'],
  OTHER_CLUSTER: ['the first server tells another configuration than when this host joined', 'join again with a new token'],
  PINNED_SERVER: [
    'the first server does not answer, or is not the one that the token names',
    'look at address, port 7948 and the token',
  ],
  STILL_RUNNING: ['processes of the local cluster did not end', 'end those that are named'],
  TOKEN_EXPIRED: ['the join token has expired', '`yosugara join-token NAME` on the first server'],
  TOKEN_UNKNOWN: ['the join token is not good here', 'a new one: `yosugara join-token NAME`; the one before is void then'],
  TOKEN_USED: ['the join token was used by another host', 'a new one: `yosugara join-token NAME --again`'],
  TOO_MANY: ['too many wrong tokens came from this address', 'wait a minute'],
  USAGE: ['the command line is wrong', '`yosugara help`'],
  WAITING: ['agents have not said yet that they trust the new authority', 'the same command again, or `--leave-agents`'],
} as const satisfies ErrorTexts;
