import { type BackupCode, BackupError, refusalOf } from './errors.js';

/** One backup as it lies in the repository. */
export interface BackupSet {
  /** As pgbackrest calls it: `20261122-031500F`, or with `_20261123-031500I` what builds on it. */
  readonly label: string;
  readonly type: 'full' | 'diff' | 'incr';
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** What it restores to, and what it takes in the repository. */
  readonly databaseBytes: number;
  readonly repositoryBytes: number;
  /** First and last segment of WAL that it needs. */
  readonly walStart: string | null;
  readonly walStop: string | null;
  /** Pages with a wrong checksum were copied. */
  readonly hasDamagedPages: boolean;
}

/** Of its document what we read; null where it was written before the program knew of it. */
interface Said {
  readonly label: string;
  readonly type: BackupSet['type'];
  readonly error?: boolean | null;
  readonly timestamp: { readonly start: number; readonly stop: number };
  readonly archive: { readonly start: string | null; readonly stop: string | null };
  readonly info: { readonly size: number; readonly repository: { readonly delta: number } };
}

interface Stanza {
  readonly backup: readonly Said[];
  readonly repo?: readonly { readonly status: { readonly code: number; readonly message: string } }[];
}

/** Anything but: it is there, and nothing or no backup is in it yet (command/info/info.c). It ends with 0 all the same. */
const UNREADABLE = 99;

/** What `pgbackrest info --output=json` says, oldest first. @throws BackupError the repository could not be read. */
export function parseInfo(text: string): readonly BackupSet[] {
  // Words of an error are written as they are (2.45): with their ends of lines, and with what a wrong passphrase made of the file.
  const stanzas = JSON.parse(text.replaceAll(/\p{Cc}/gu, ' ')) as readonly Stanza[];
  const wrong = stanzas.flatMap(({ repo = [] }) => repo).find(({ status }) => status.code === UNREADABLE)?.status.message;
  if (wrong !== undefined) throw new BackupError(readFirst(refusalOf(null, wrong)), `the repository cannot be read: ${wrong}`);
  return stanzas.flatMap(({ backup }) =>
    backup.map(({ label, type, error, timestamp, archive, info }) => ({
      ...{ label, type, startedAtMs: timestamp.start * 1_000, endedAtMs: timestamp.stop * 1_000, databaseBytes: info.size },
      ...{ repositoryBytes: info.repository.delta, walStart: archive.start, walStop: archive.stop },
      hasDamagedPages: error === true,
    })),
  );
}

/** A system in one of its major versions, as the repository knows it: several times, where it was gone back to. */
interface KnownDatabase {
  readonly id: number;
  readonly 'system-id': string;
  readonly version: string;
}

/** Folders of the archive that are of that system: of what came out of `pg_upgrade` there are others. */
export function archivesOf(text: string, systemId: string): readonly string[] {
  // As a number it is more than a JavaScript number tells apart.
  const whole = text.replaceAll(/\p{Cc}/gu, ' ').replaceAll(/"system-id":\s*(\d+)/g, '"system-id":"$1"');
  const stanzas = JSON.parse(whole) as readonly { readonly db?: readonly KnownDatabase[] }[];
  return stanzas.flatMap(({ db = [] }) =>
    db.filter((each) => each['system-id'] === systemId).map(({ id, version }) => `${version}-${id}`),
  );
}

/** One of 256 wrong passphrases decrypts to something: whether it is that, or damage, cannot be told of the file that is read first. */
const readFirst = (code: BackupCode): BackupCode => (code === 'BACKUP_DAMAGED' ? 'BACKUP_PASSPHRASE' : code);
