import { z } from 'zod';
import { address } from './config-words.js';

/** A sender: an address, a network (10.0.0.0/8), or for TLS the name in its certificate (subject alternative name, then CN). */
const sender = z.string().min(1).max(255);

const limits = {
  /** Of one source address, over all its sockets; 0: no limit. Above it UDP is counted and dropped, TCP, TLS, RELP and HTTP are slowed down. */
  messagesPerSecond: z.int().min(0).max(10_000_000),
  /** How many of them at once; default: those of two seconds. */
  burst: z.int().min(1),
  /** Connections of one source address. */
  connections: z.int().min(1).max(65_536),
  /** A longer message is cut, and says so. RFC 5425 4.3.1 asks for at least 8192. */
  messageBytes: z.int().min(2048).max(8_388_608),
};
const LimitsSchema = z.strictObject({
  messagesPerSecond: limits.messagesPerSecond.default(0),
  burst: limits.burst.optional(),
  connections: limits.connections.default(100),
  messageBytes: limits.messageBytes.default(65_536),
});
/** Without defaults: what is not said is as for every source. */
const SourceLimitsSchema = z.strictObject(limits).partial();

/**
 * RFC 3414, RFC 7860 (SHA-2), RFC 3826 (AES-128). aes192 and aes256 as net-snmp has them (key extension of draft-blumenthal-aes-usm-04), aes192c and
 * aes256c as Cisco does (draft-reeder-snmpv3-usm-3desede).
 */
const UsmUserSchema = z.strictObject({
  name: z.string().min(1).max(32),
  auth: z.enum(['none', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']).default('sha256'),
  priv: z.enum(['none', 'des', 'aes128', 'aes192', 'aes256', 'aes192c', 'aes256c']).default('aes128'),
  /** Files with one passphrase each, of at least 8 characters (RFC 3414 11.2). */
  authSecretFile: z.string().optional(),
  privSecretFile: z.string().optional(),
});
export type UsmUserConfig = z.infer<typeof UsmUserSchema>;

/** What the receiver listens to besides syslog over UDP and TCP and traps, and whom it lets in. */
export const ReceiverSchema = z.strictObject({
  maxJournalMb: z.int().min(1).default(1024),
  /**
   * Of each UDP socket, as far as `net.core.rmem_max` lets it. The kernel doubles it and charges about 1.3 kB for a datagram of 200 bytes: this holds some
   * 200 000 of them, two seconds of a storm of 100 000/s in which the receiver does not get the processor at all. Memory is used while datagrams wait, not before.
   */
  receiveBufferBytes: z.int().min(4096).default(134_217_728),
  /** Sockets that share the UDP syslog port (SO_REUSEPORT): the kernel spreads the senders over them. */
  udpSockets: z.int().min(1).max(16).default(1),
  /** How syslog over UDP is read: many datagrams with one call of the system, where this host and Node let us, or one by one. */
  udpRead: z.enum(['batch', 'single']).default('batch'),
  /** Senders whose messages are taken at all; empty: everybody. Refused ones are counted by address. */
  allow: z.array(sender).default([]),
  /** Of every source, where `sources` says nothing else. */
  limits: LimitsSchema.prefault({}),
  /** Connections of all sources together, for each listener. */
  maxConnections: z.int().min(1).max(65_536).default(1_000),
  /** What is known of single senders, by address. */
  sources: z
    .array(
      z.strictObject({
        address,
        /** both: it sends everything to both nodes. single: to one place only, so its messages never pair. */
        delivery: z.enum(['both', 'single']).default('both'),
        /** The address under which it is known when it leaves by another one. */
        alias: address.optional(),
        /** What its bytes mean when they are no UTF-8. */
        charset: z.enum(['utf-8', 'shift_jis', 'euc-jp', 'iso-8859-1', 'windows-1252']).optional(),
        /** IANA name (Asia/Tokyo) for times that say no zone; default: UTC. */
        timeZone: z.string().min(1).optional(),
        limits: SourceLimitsSchema.optional(),
      }),
    )
    .max(100_000)
    .default([]),
  /** RFC 5425. The certificate is the node's own unless another is named. */
  tls: z
    .strictObject({
      enabled: z.boolean().default(true),
      keyFile: z.string().optional(),
      certFile: z.string().optional(),
      /** Signs the senders' certificates; default: the cluster's CA. */
      caFile: z.string().optional(),
      clientCertificate: z.enum(['none', 'optional', 'required']).default('optional'),
      /** Names or addresses; empty: whoever the CA signed. */
      allow: z.array(sender).default([]),
    })
    .prefault({}),
  /** librelp's protocol: an acknowledgement means "on both disks". */
  relp: z.strictObject({ enabled: z.boolean().default(true), tls: z.boolean().default(false) }).prefault({}),
  /** Custom traps: POST /custom-trap with a bearer token, one a line in the file; default: `secrets.customTrapTokens`. No file: off. */
  http: z.strictObject({ tls: z.boolean().default(true), tokensFile: z.string().optional() }).prefault({}),
  traps: z
    .strictObject({
      /** v1 and v2c; empty: any. */
      communities: z.array(z.string().min(1).max(255)).default([]),
      users: z.array(UsmUserSchema).max(1_000).default([]),
    })
    .prefault({}),
});
export type ReceiverConfig = z.infer<typeof ReceiverSchema>;
