/** The keys that secrets and journals are encrypted by, as this host has them (docs/secrets.md). */
export interface KeyRing {
  /** Encrypts from now on; null: there is no key, and nothing is encrypted. */
  readonly newest: string | null;
  /** Oldest first. An id says which key it is, and nothing about it. */
  readonly ids: readonly string[];
  /** 32 bytes, never used as they are: each purpose derives its own. null: it is not here. */
  keyOf(id: string): Uint8Array | null;
  /** Where keys were looked for, for people. */
  readonly lookedIn: readonly string[];
}

/** How secrets of settings lie in the database. */
export interface SecretCodec {
  /** As it is to be stored: the text itself while nothing is encrypted. @param place such as `setting/node/web-1/snmp.community` */
  seal(text: string, place: string): string;
  /** The text; what is not sealed is the text itself. null: its key is not here, or it was changed, or is another place's. */
  open(stored: string, place: string): string | null;
  /** Whether `seal` would store it in the same way, by the same key. */
  isCurrent(stored: string): boolean;
}

/** Nothing is encrypted, and nothing was. */
export const PLAIN_SECRETS: SecretCodec = { seal: (text) => text, open: (stored) => stored, isCurrent: () => true };
