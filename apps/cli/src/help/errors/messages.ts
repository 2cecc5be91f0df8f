import type { ErrorTexts } from './types.js';

/** Receivers, journals, the store, agents, jobs, monitors, logins. */
export const MESSAGE_ERRORS = {
  AGENTS_NOT_KNOWN: ['after a take-over it is not known yet which agents there are', 'nothing: a moment later it is'],
  AGENT_AWAY: ['the agent is not connected', '`yosugara agents list --away`; start it, look at the line'],
  AGENT_CONFIG: ['the agent’s configuration is not valid', 'mend what the sentence names on that host'],
  AGENT_DISK: ['the agent cannot write to its folder', 'make room, look at the owner of `dataDir`'],
  AGENT_FILE: ['a file of that host cannot be read or written', 'look at path and rights there'],
  AGENT_JOIN: ['the agent could not join', 'a new token (`yosugara agents token`), the right address, the same clock'],
  AGENT_REQUEST: ['the agent could not make a request for a certificate', 'its log says why'],
  CONFIG_UNSAFE: ['passwords would go in the clear to the directory', 'say `startTls` or `ldaps://`, or `allowPlain`'],
  CUSTOM_TRAP_TOKENS: [
    'the file of tokens of custom traps is not as it must be',
    'docs/receiving.md; each at least 16 characters',
  ],
  FILE_TRANSFER: ['a file could not be transferred between agents', 'the sentence names side and reason'],
  HTTPS_NEEDED: ['the port speaks https', 'ask the same of https://'],
  INVENTORY_REFUSED: [
    'what the host consists of was not learned',
    'the sentence names the reason; `yosugara agents list`, and the agent’s log',
  ],
  JOURNAL_CONFLICT: [
    'the peer sent other bytes for a record that is held already',
    'keep both journals, and report it: this must not happen',
  ],
  JOURNAL_CORRUPT: [
    'a segment of a journal is damaged; file and place are named',
    '`yosugara journal verify`; the peer’s copy has the records',
  ],
  JOURNAL_DISK_FULL: ['the volume of the journal is full', '`yosugara runbook DISK_FULL`'],
  JOURNAL_FATAL: [
    'a write or fsync of a journal failed; nothing more is written here',
    'look at the disk (`dmesg`), then restart the program',
  ],
  JOURNAL_GAP: [
    'records that are asked for are not here',
    'they are taken from the peer’s copy; when that lacks them, they are lost: report it',
  ],
  JOURNAL_KEY_MISSING: [
    'a segment is encrypted by a key that this host does not have',
    '`yosugara secrets import-keys` of a copy; nothing is lost',
  ],
  JOURNAL_LOCKED: ['another process has this journal', 'end the second receiver or controller'],
  JOURNAL_NUMBERS_REUSED: [
    'the receiver’s host was set back to an older moment while it ran; its journal must not go on',
    'nothing: the receiver starts anew with another journal; docs/receiving.md',
  ],
  JOURNAL_RECORD_FORMAT: ['a record is not as this version knows it', 'is it of a newer version? `yosugara upgrade status`'],
  LATE: ['the agent’s look at a part of its host took too long', 'is a disk or a file server of that host stuck?'],
  LISTEN_FAILED: ['a receiver cannot listen at an address', 'look at address and rights of the port'],
  MEASURE: ['the agent could not measure what was asked', 'the sentence says what is missing on that host'],
  METHOD_NOT_ALLOWED: ['the port for agents was asked in another way', 'is it a program of ours? look at its version'],
  MIB_COMPILER_FAILED: ['the compiler of MIBs ended', 'ask again; report the module when it happens again'],
  MIGRATION_FAILED: [
    'a change of the schema failed; nothing of it was kept',
    'the sentence below names the cause; the old version goes on',
  ],
  NEWS_DAMAGED: [
    'what an agent had to tell cannot be read from its disk any more',
    'look at that disk; the session says what it lacks',
  ],
  NOT_A_DATA_NODE: ['a manager runs on data nodes only', 'do not start it on the arbiter or the copy'],
  NOT_KEPT: ['a trial was rolled back on purpose', 'nothing'],
  NOT_TOLD: ['what a manager had to tell was not stored', 'nothing: it is told again'],
  NO_MONITOR: ['a job asks for a monitor that is not there', 'mend the job, or make the monitor'],
  NO_RECEIVER_HERE: ['a receiver runs on data nodes only', 'do not start it on the arbiter or the copy'],
  OIDC_REFUSED: ['the provider of logins did not say who it is', 'look at client, secret, address of return and clock'],
  PACKAGES: [
    'the package manager of that host could not be asked',
    'the sentence is what it said: `dpkg-query -W` or `rpm -qa` there',
  ],
  PEER_LINK: ['the link to the peer’s receiver failed', '`yosugara runbook RECEIVER_LINK_DOWN`'],
  PEER_PROTOCOL: [
    'the peer’s receiver sent what is not understood',
    'are both of versions that go together? `yosugara upgrade status`',
  ],
  PORT_IN_USE: ['another program has the port of a receiver', '`ss -lunp` and `ss -ltnp` say which: often rsyslog or snmptrapd'],
  PROBE_FAILED: ['a monitor could not look; why follows', 'it is a finding of that monitor: look at the watched host'],
  PROXY: [
    'an HTTP proxy did not let an agent or a monitor through',
    'the sentence says what it answered: its login, or the port it does not open (docs/agent.md)',
  ],
  SCHEMA_TOO_NEW: ['the database was changed by a newer version', 'install the version that the cluster was upgraded to'],
  SECRET_MISSING: ['key, certificate or authority of this node is not there', 'look into `secrets/` below the state directory'],
  SECRET_UNREADABLE: ['the file of a secret cannot be read', 'look at its path, owner and rights'],
  SMTP_CLOSED: ['the mail server closed the connection', 'its log says why; the mail is tried again'],
  SNMP_ENGINE: ['the engine’s number of boots cannot be kept', 'look at owner and room of the state directory'],
  SNMP_USER: ['the passphrase of an SNMP user cannot be read', 'put the file where the configuration names it'],
  STALE_PROGRESS: ['somebody else has stored from the journals meanwhile', 'nothing: this node begins anew from what is stored'],
  STREAM_TOO_LARGE: ['an event of a live stream is larger than may be', 'ask for fewer rows'],
  TLS_FILES: ['key, certificate or authority of a port are not of each other', 'mend the three files that the sentence names'],
} as const satisfies ErrorTexts;
