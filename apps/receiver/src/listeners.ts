import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ReceiverJournal } from '@yosugara/journal';
import type { Log } from '@yosugara/kernel';
import { addressKey } from '@yosugara/operations';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import {
  CustomResends,
  type Endpoint,
  listenCustomTraps,
  listenRelp,
  listenTcp,
  listenTls,
  listenUdp,
  type Opening,
  RelpResends,
  SourceGate,
  type SourceLimits,
  TokenFile,
  whyNoBatches,
} from '@yosugara/receivers';
import { type Intake, SafeAnswers, type TrapIntake } from '@yosugara/runtime';
import { senderTls } from './identity.js';

export interface ListenerParts {
  readonly journal: Pick<ReceiverJournal, 'append' | 'nextSeq' | 'roomBytes' | 'whenRoom' | 'whenTaking'>;
  readonly safeSeq: () => number;
  readonly traps: TrapIntake;
}

export interface Listeners {
  /** Everything that is listened to on this address, to be opened. */
  on(address: string, listener: Endpoint['listener']): readonly Opening[];
  readonly gate: SourceGate;
  /** To be called when more may be safe. */
  answerWhatIsSafe(): void;
}

/** RELP requests and HTTP requests that wait to be safe, each of all connections together. */
const MAX_WAITING = { relp: 100_000, http: 10_000 } as const;

/** The ways in that are configured. @throws YosugaraError — a file they need cannot be used. */
export function configuredListeners(config: NodeConfig, log: Log, parts: ListenerParts): Listeners {
  const { receiver, ports } = config;
  const { traps, safeSeq } = parts;
  const gate = gateOf(config);
  const intake: Intake = (record) => parts.journal.append(record);
  // These are not read on, or told to come again.
  const waiting: Intake = (record) => parts.journal.append(record, true);
  const lastSeq = () => parts.journal.nextSeq - 1;
  const tls = senderTls(config, log);
  const tokens = tokensOf(config, log);
  const relp = { answers: new SafeAnswers({ safeSeq, maxWaiting: MAX_WAITING.relp }), resends: new RelpResends() };
  const http = { answers: new SafeAnswers({ safeSeq, maxWaiting: MAX_WAITING.http }), resends: new CustomResends() };
  const { receiveBufferBytes, udpSockets, udpRead, maxConnections } = receiver;
  const why = udpRead === 'batch' ? whyNoBatches() : null;
  if (why !== null) log.warn('receiver.datagrams_one_by_one', { why });
  return {
    gate,
    answerWhatIsSafe: () => {
      traps.answerWhatIsSafe();
      relp.answers.release();
      http.answers.release();
    },
    on: (address, listener) => {
      const stream = { address, listener, gate, intake: waiting, room: parts.journal, maxConnections };
      // Whoever wants them read as Node does it gets no calls of the system.
      const room = udpRead === 'batch' ? parts.journal : undefined;
      const udp = { address, listener, gate, receiveBufferBytes, room };
      const opening = (protocol: Opening['protocol'], port: number, open: Opening['open']): Opening => {
        return { protocol, address, port, listener, open };
      };
      const open = [
        opening('udp', ports.syslog, () =>
          listenUdp({ ...udp, port: ports.syslog, kind: 'syslog', sockets: udpSockets, read: udpRead, intake }),
        ),
        opening('tcp', ports.syslog, () => listenTcp({ ...stream, port: ports.syslog })),
        opening('udp', ports.trap, () =>
          listenUdp({ ...udp, port: ports.trap, kind: 'trap', intake: (record, reply) => traps.take(record, reply) }),
        ),
      ];
      if (receiver.tls.enabled)
        open.push(opening('tls', ports.syslogTls, () => listenTls({ ...stream, port: ports.syslogTls, tls })));
      if (receiver.relp.enabled) {
        const sealed = receiver.relp.tls ? { tls } : {};
        open.push(opening('relp', ports.relp, () => listenRelp({ ...stream, ...relp, ...sealed, port: ports.relp, lastSeq })));
      }
      if (tokens !== null) {
        // A token says who it is; scripts have no certificates.
        const sealed = receiver.http.tls ? { tls: { ...tls, clientCertificate: 'none' as const, allow: [] } } : {};
        const port = ports.customTrap;
        open.push(opening('http', port, () => listenCustomTraps({ ...stream, ...http, ...sealed, tokens, port, lastSeq })));
      }
      return open;
    },
  };
}

function gateOf({ receiver }: NodeConfig): SourceGate {
  const { allow, limits } = receiver;
  const sources = new Map<string, SourceLimits>();
  for (const source of receiver.sources)
    if (source.limits !== undefined) sources.set(addressKey(source.address), { ...limits, ...stated(source.limits) });
  return new SourceGate({ allow, limits, sources });
}

/** Without what is `undefined`, which would hide the limit of every source. */
function stated<T extends object>(limits: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

function tokensOf({ receiver, stateDir }: NodeConfig, log: Log): TokenFile | null {
  if (receiver.http.tokensFile !== undefined) return new TokenFile(receiver.http.tokensFile, log);
  const path = join(stateDir, STATE_LAYOUT.secrets.customTrapTokens);
  return existsSync(path) ? new TokenFile(path, log) : null;
}
