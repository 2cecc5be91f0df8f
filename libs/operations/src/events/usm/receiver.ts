import { BerProblem, BerReader } from '../ber.js';
import { latin1, readableText } from '../text.js';
import { scopedTrap, type Trap } from '../trap.js';
import { hex, Pdu } from '../trap-pdu.js';
import { plainV3, readV3, V3Flag, type V3Message, writeV3 } from '../v3-message.js';
import { BoundedMap, TokenBucket } from './bounded.js';
import type { UsmCrypto } from './crypto.js';
import { reportPdu, type UsmCounter, type UsmCounters } from './reports.js';
import { type EngineTime, isTimelyForUs, LATCHED_BOOTS, SenderClock, TIME_WINDOW_S } from './timeliness.js';
import { engineKey, LocalUser, type UsmUser } from './user.js';

export interface UsmReceiverOptions {
  readonly crypto: UsmCrypto;
  /** Ours, kept over restarts. */
  readonly engineId: Uint8Array;
  /** How often this engine has started. */
  readonly boots: number;
  readonly startedMs: number;
  readonly users: readonly UsmUser[];
  /** Where salts begin: chance, so that they differ from those before this start. */
  readonly firstSalt: bigint;
  /** As they stood when the engine stopped. */
  readonly counters?: UsmCounters;
  readonly limits?: Partial<UsmLimits>;
}

export interface UsmLimits {
  /** Senders' engines whose keys and clocks are remembered. */
  readonly engines: number;
  /** Digests remembered to tell a replay. */
  readonly replays: number;
  /** Keys localized for engines that have not yet proved anything; a known sender needs none. */
  readonly newKeysPerSecond: number;
  readonly reportsPerSecond: number;
}

const LIMITS: UsmLimits = { engines: 65_536, replays: 262_144, newKeysPerSecond: 20_000, reportsPerSecond: 5_000 };
/** What we can take: a whole UDP datagram over IPv4. */
const MAX_SIZE = 65_507;
/** RFC 3412: the request-id of a report about a message whose own could not be read. */
const NO_REQUEST_ID = 0;

export interface InformToAnswer {
  /** Equal for an INFORM and its retransmissions from one address. */
  readonly sameness: string;
  /** Of the moment when it is sent. */
  answer(nowMs: number): Uint8Array;
}

export type UsmOutcome =
  | {
      readonly kind: 'notification';
      readonly trap: Trap;
      /** The message in the clear, to be kept. */
      readonly plain: Uint8Array;
      readonly inform: InformToAnswer | null;
    }
  /** Authentic, but what it says was not understood: to be kept, with a reason. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly plain: Uint8Array }
  /** Not to be kept. `report` goes back to the sender when there is one. */
  | { readonly kind: 'refused'; readonly reason: string; readonly report: Uint8Array | null };

interface SenderEngine {
  readonly users: Map<string, LocalUser>;
  clock: SenderClock | null;
}

/** The message, what is known of its sender, and how much it proves. */
interface Incoming {
  readonly raw: Uint8Array;
  readonly message: V3Message;
  readonly nowMs: number;
  /** The message's engine, as a key of maps. */
  readonly engine: string;
  readonly isOurs: boolean;
  readonly reportable: boolean;
}

class Refused extends Error {
  readonly counter: UsmCounter | null;
  readonly reason: string;
  /** The report proves that it is ours: a sender believes our clock only then. */
  readonly signedBy: LocalUser | null;
  constructor(reason: string, counter: UsmCounter | null = null, signedBy: LocalUser | null = null) {
    super(reason);
    this.reason = reason;
    this.counter = counter;
    this.signedBy = signedBy;
  }
}

/**
 * The user-based security model on the receiving side (RFC 3414): we are the authoritative engine of an INFORM, the sender is that of
 * a TRAP. Nothing that is not authentic reaches a table or costs more than two small hashes.
 */
export class UsmReceiver {
  readonly #options: UsmReceiverOptions;
  readonly #limits: UsmLimits;
  readonly #users: ReadonlyMap<string, UsmUser>;
  readonly #own: ReadonlyMap<string, LocalUser>;
  readonly #ownKey: string;
  readonly #senders: BoundedMap<SenderEngine>;
  readonly #replays: BoundedMap<true>;
  #replaysTurnedMs: number;
  readonly #newKeys: TokenBucket;
  readonly #reports: TokenBucket;
  readonly #counters: Record<UsmCounter, number>;
  #salt: bigint;

  constructor(options: UsmReceiverOptions) {
    const { crypto: primitives, engineId, startedMs, users } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#users = new Map(users.map((user) => [user.name, user]));
    this.#own = new Map(users.map((user) => [user.name, new LocalUser(primitives, user, engineId)]));
    // Now rather than when the first INFORM waits: lengthening a key may hash a mebibyte.
    for (const user of this.#own.values()) void user.privacy;
    this.#ownKey = engineKey(engineId);
    this.#senders = new BoundedMap(this.#limits.engines);
    this.#replays = new BoundedMap(this.#limits.replays);
    this.#replaysTurnedMs = startedMs;
    this.#newKeys = new TokenBucket(this.#limits.newKeysPerSecond, this.#limits.newKeysPerSecond, startedMs);
    this.#reports = new TokenBucket(this.#limits.reportsPerSecond, this.#limits.reportsPerSecond, startedMs);
    this.#counters = options.counters === undefined ? noCounts() : { ...options.counters };
    this.#salt = options.firstSalt;
  }

  get counters(): UsmCounters {
    return { ...this.#counters };
  }

  /** Boots at their end: no INFORM is taken until the engine has another id. */
  get isLatched(): boolean {
    return this.#options.boots >= LATCHED_BOOTS;
  }

  /** @param nowMs the clock of `startedMs`. Never throws, whatever the bytes are. */
  take(raw: Uint8Array, nowMs: number): UsmOutcome {
    let incoming: Incoming | null = null;
    try {
      const message = readV3(raw);
      const engine = engineKey(message.engineId);
      incoming = {
        raw,
        message,
        nowMs,
        engine,
        isOurs: engine === this.#ownKey,
        reportable: (message.flags & V3Flag.reportable) !== 0,
      };
      return this.#take(incoming);
    } catch (error) {
      if (error instanceof BerProblem) return { kind: 'refused', reason: `malformed_${error.reason}`, report: null };
      if (error instanceof Refused) return { kind: 'refused', reason: error.reason, report: this.#report(incoming, error) };
      throw error;
    }
  }

  #take(incoming: Incoming): UsmOutcome {
    const { message } = incoming;
    // Whoever does not know our engine asks with an empty id (RFC 3414 section 4).
    if (message.engineId.length === 0) throw new Refused('discovery', 'unknownEngineIds');
    try {
      const sender = this.#userOf(incoming);
      this.#authenticate(incoming, sender.local);
      if (incoming.isOurs) this.#checkOurTime(incoming, sender.local);
      return this.#open(incoming, sender);
    } catch (error) {
      // To a sender that awaits an answer, and takes another engine for us, only this says what is wrong.
      if (error instanceof Refused && !incoming.isOurs && incoming.reportable)
        throw new Refused(error.reason, 'unknownEngineIds');
      throw error;
    }
  }

  /** The user's keys at the message's engine; `engine` is null for ours, and new for one that has proved nothing yet. */
  #userOf(incoming: Incoming): { readonly local: LocalUser; readonly engine: SenderEngine | null } {
    const { message, isOurs, nowMs } = incoming;
    const name = readableText(message.user).text;
    const user = this.#users.get(name);
    if (user === undefined) throw new Refused('unknown_user', 'unknownUserNames');
    const wanted = (user.auth === null ? 0 : V3Flag.auth) | (user.priv === null ? 0 : V3Flag.priv);
    // Neither less, which anybody can send in this user's name, nor more, for which there is no key.
    if ((message.flags & (V3Flag.auth | V3Flag.priv)) !== wanted) throw new Refused('security_level', 'unsupportedSecLevels');
    // Without authentication there are no keys, hence nothing that depends on the engine.
    if (isOurs || user.auth === null) return { local: this.#own.get(name)!, engine: null };
    const engine = this.#senders.get(incoming.engine) ?? { users: new Map(), clock: null };
    let local = engine.users.get(name);
    if (local === undefined) {
      if (!this.#newKeys.take(nowMs)) throw new Refused('too_many_new_engines');
      local = new LocalUser(this.#options.crypto, user, message.engineId);
    }
    return { local, engine };
  }

  #authenticate(incoming: Incoming, local: LocalUser): void {
    const { message, raw } = incoming;
    if (local.user.auth !== null && !local.verifies(raw, message.authAt, message.authParams))
      throw new Refused('wrong_digest', 'wrongDigests');
  }

  #checkOurTime(incoming: Incoming, local: LocalUser): void {
    if (local.user.auth !== null && !isTimelyForUs(this.#now(incoming.nowMs), incoming.message))
      throw new Refused('not_in_time_window', 'notInTimeWindows', local);
  }

  #open(incoming: Incoming, sender: { readonly local: LocalUser; readonly engine: SenderEngine | null }): UsmOutcome {
    const { message, isOurs } = incoming;
    const { local, engine } = sender;
    const scopedPdu = scopedPduOf(message, local);
    if (scopedPdu === null) throw new Refused('decryption_failed', 'decryptionErrors');
    const plain = plainV3(message, scopedPdu);
    const read = notificationOf(message, scopedPdu);
    if (typeof read === 'string') {
      if (engine !== null) this.#checkSenderTime(incoming, local, engine);
      this.#checkReplay(incoming, local);
      return { kind: 'unreadable', reason: read, plain };
    }
    // Meant for an engine that we are not, such as the other node's, that had the floating address before.
    if (!isOurs && read.pdu === 'inform') throw new Refused('another_engine', 'unknownEngineIds');
    if (engine !== null) this.#checkSenderTime(incoming, local, engine);
    if (read.pdu === 'inform')
      return { kind: 'notification', trap: read, plain, inform: this.#inform(message, scopedPdu, read, local) };
    this.#checkReplay(incoming, local);
    return { kind: 'notification', trap: read, plain, inform: null };
  }

  #inform(message: V3Message, scopedPdu: Uint8Array, trap: Trap, by: LocalUser): InformToAnswer {
    return {
      sameness: informSameness(message, scopedPdu),
      answer: (nowMs) => this.#answer(message, scopedPdu, trap.pduAt, by, nowMs),
    };
  }

  /** From here on the sender has proved who it is, so it is remembered. */
  #checkSenderTime(incoming: Incoming, local: LocalUser, engine: SenderEngine): void {
    const { message, nowMs } = incoming;
    if (!engine.users.has(local.user.name)) {
      engine.users.set(local.user.name, local);
      this.#senders.set(incoming.engine, engine);
    }
    engine.clock ??= new SenderClock(message, nowMs);
    if (!engine.clock.accepts(message, nowMs)) throw new Refused('not_in_time_window', 'notInTimeWindows');
  }

  /** What is older than the time window needs no memory: the window refuses it. */
  #checkReplay({ message, nowMs }: Incoming, local: LocalUser): void {
    if (local.user.auth === null) return;
    if (nowMs - this.#replaysTurnedMs > 2 * TIME_WINDOW_S * 1_000) {
      this.#replays.turn();
      this.#replaysTurnedMs = nowMs;
    }
    // Nobody without the engine's key can make the digest: it needs no name beside it.
    const key = latin1(message.authParams.subarray(0, 16));
    if (this.#replays.get(key) !== undefined) throw new Refused('replayed');
    this.#replays.set(key, true);
  }

  #now(nowMs: number): EngineTime {
    const { boots, startedMs } = this.#options;
    return { boots, time: Math.min(LATCHED_BOOTS, Math.floor((nowMs - startedMs) / 1_000)) };
  }

  /** Counts, and tells the sender when it can make use of it: reports answer only what asked for them (RFC 3412 7.1 3). */
  #report(incoming: Incoming | null, refused: Refused): Uint8Array | null {
    const { counter, signedBy } = refused;
    if (counter === null || incoming === null) return null;
    this.#counters[counter] = (this.#counters[counter] + 1) % 0x1_0000_0000;
    const { message, nowMs, reportable } = incoming;
    if (!reportable || !this.#reports.take(nowMs)) return null;
    const data = reportPdu(this.#options.engineId, requestIdOf(message), counter, this.#counters[counter]);
    return this.#seal(message, data, { flags: signedBy === null ? 0 : V3Flag.auth, by: signedBy, nowMs });
  }

  /** RFC 3416 4.2.7: the same varbinds as a response. */
  #answer(message: V3Message, scopedPdu: Uint8Array, pduAt: number, by: LocalUser, nowMs: number): Uint8Array {
    const data = new Uint8Array(scopedPdu);
    data[pduAt] = Pdu.response;
    return this.#seal(message, data, { flags: message.flags & (V3Flag.auth | V3Flag.priv), by, nowMs });
  }

  /** A message of ours to whoever sent `to`. */
  #seal(
    to: V3Message,
    scopedPdu: Uint8Array,
    how: { readonly flags: number; readonly by: LocalUser | null; readonly nowMs: number },
  ): Uint8Array {
    const { flags, by, nowMs } = how;
    const now = this.#now(nowMs);
    const privacy = (flags & V3Flag.priv) !== 0 ? (by?.privacy ?? null) : null;
    const salt = privacy === null ? new Uint8Array() : this.#nextSalt(now.boots, by!);
    const data = privacy === null ? scopedPdu : privacy.encrypt(now.boots, now.time, salt, scopedPdu);
    const { raw, authAt } = writeV3({
      ...{ msgId: to.msgId, maxSize: MAX_SIZE, flags, engineId: this.#options.engineId, ...now },
      ...{ user: to.user, privParams: salt, data, authLength: (flags & V3Flag.auth) !== 0 ? by!.macBytes : 0 },
    });
    return (flags & V3Flag.auth) !== 0 ? by!.sign(raw, authAt) : raw;
  }

  /** RFC 3414 8.1.1.1 (boots, then a number of ours) and RFC 3826 3.1.2.1 (64 bits of ours). */
  #nextSalt(boots: number, by: LocalUser): Uint8Array {
    this.#salt = BigInt.asUintN(64, this.#salt + 1n);
    const salt = new Uint8Array(8);
    const view = new DataView(salt.buffer);
    view.setBigUint64(0, this.#salt);
    if (by.user.priv?.protocol === 'des') view.setUint32(0, boots);
    return salt;
  }
}

/**
 * Equal for an INFORM and its retransmissions from one address and port, also as it was journaled. The request-id is in the
 * scopedPDU; msgID, salt and engine time differ with each retransmission.
 */
export function informSameness({ user }: Pick<V3Message, 'user'>, scopedPdu: Uint8Array): string {
  return `${hex(user)} ${latin1(scopedPdu)}`;
}

/** @returns null when it does not decrypt. What a wrong key makes of it is no scopedPDU. */
function scopedPduOf(message: V3Message, local: LocalUser): Uint8Array | null {
  if ((message.flags & V3Flag.priv) === 0) return message.data;
  const { boots, time, privParams, data } = message;
  const opened = local.privacy?.decrypt(boots, time, privParams, data) ?? null;
  if (opened === null) return null;
  try {
    const reader = new BerReader(opened);
    const item = reader.expect(0x30, 'scoped_pdu');
    // Without the padding.
    return opened.subarray(0, item.end);
  } catch (error) {
    if (error instanceof BerProblem) return null;
    throw error;
  }
}

/** @returns the reason when it is authentic but not understood. @throws Refused when it is no notification at all. */
function notificationOf(message: V3Message, scopedPdu: Uint8Array): Trap | string {
  try {
    return scopedTrap(message, scopedPdu);
  } catch (error) {
    if (!(error instanceof BerProblem)) throw error;
    if (error.reason === 'no_notification') throw new Refused('no_notification');
    return error.reason;
  }
}

/** As far as it can be read: of a message in the clear. */
function requestIdOf(message: V3Message): number {
  if ((message.flags & V3Flag.priv) !== 0) return NO_REQUEST_ID;
  try {
    const outer = new BerReader(message.data);
    const reader = outer.inside(outer.expect(0x30, 'scoped_pdu'));
    reader.next();
    reader.next();
    const pdu = reader.inside(reader.next());
    return pdu.number(pdu.expect(0x02, 'request_id'));
  } catch (error) {
    if (error instanceof BerProblem) return NO_REQUEST_ID;
    throw error;
  }
}

function noCounts(): Record<UsmCounter, number> {
  return {
    ...{ unsupportedSecLevels: 0, notInTimeWindows: 0, unknownUserNames: 0 },
    ...{ unknownEngineIds: 0, wrongDigests: 0, decryptionErrors: 0 },
  };
}
