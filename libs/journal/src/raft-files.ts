import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { HardState, Snapshot } from '@yosugara/consensus';
import { JournalCorruptError } from './errors.js';
import type { JournalFile, JournalFs } from './fs-port.js';

/** One sector: drives write it whole or not at all, and if not, the CRC says so and the other slot still holds. */
const SLOT_BYTES = 512;

interface Slot {
  readonly seq: number;
  readonly state: HardState;
}

/** Term and vote in two files, written in turn: the one not being written always holds the last state that was acknowledged. */
export class HardStateSlots {
  readonly #files: readonly [JournalFile, JournalFile];
  #seq: number;

  private constructor(files: readonly [JournalFile, JournalFile], seq: number) {
    this.#files = files;
    this.#seq = seq;
  }

  /** @returns `state` null when neither slot can be read: a new directory, or one that lost its identity (the caller can tell). */
  static async open(fs: JournalFs, dir: string): Promise<{ slots: HardStateSlots; state: HardState | null; existed: boolean }> {
    const paths = [join(dir, 'state.0'), join(dir, 'state.1')] as const;
    const contents = [await fs.readAll(paths[0]), await fs.readAll(paths[1])];
    const files: JournalFile[] = [];
    try {
      for (const [at, path] of paths.entries()) files.push(await fs.open(path, contents[at] === null ? 'create' : 'write'));
      await fs.syncDir(dir);
    } catch (error) {
      for (const file of files) await file.close().catch(() => undefined);
      throw error;
    }
    const newest = contents.map(readSlot).reduce((a, b) => ((b?.seq ?? -1) > (a?.seq ?? -1) ? b : a), null);
    const slots = new HardStateSlots([files[0]!, files[1]!], newest?.seq ?? 0);
    // The first write goes to slot 1 and says only "new". A vote can exist only once slot 0 was written too.
    return { slots, state: newest?.state ?? null, existed: (contents[0]?.length ?? 0) > 0 };
  }

  /** Writes so far, over all lives of the directory. */
  get seq(): number {
    return this.#seq;
  }

  async write(state: HardState): Promise<void> {
    const seq = this.#seq + 1;
    const file = this.#files[seq % 2 === 0 ? 0 : 1];
    await file.write(Buffer.from(sealed({ seq, state }).padEnd(SLOT_BYTES)), 0);
    await file.sync();
    this.#seq = seq;
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close();
  }
}

function readSlot(content: Buffer | null): Slot | null {
  return content === null ? null : (unsealed(content.toString('utf8')) as Slot | null);
}

/** Which directory this is, and how often it was started on. */
export interface RaftIdentity {
  readonly incarnation: string;
  readonly boots: number;
  /** Which log of the cluster's this is; absent: the first. */
  readonly branch?: string;
}

const IDENTITY = 'identity.json';

/** null: made by a version that had none, or never used. @throws JournalCorruptError — it is there and its CRC is wrong. */
export async function readIdentity(fs: JournalFs, dir: string): Promise<RaftIdentity | null> {
  return (await readSealed(fs, dir, IDENTITY)) as RaftIdentity | null;
}

/** Durable when it resolves: before that nobody may hear of it. */
export async function writeIdentity(fs: JournalFs, dir: string, identity: RaftIdentity): Promise<void> {
  await writeSealed(fs, dir, IDENTITY, identity);
}

const SNAPSHOT = 'snapshot.json';

/** @throws JournalCorruptError — it is there and its CRC is wrong. */
export async function readSnapshot(fs: JournalFs, dir: string): Promise<Snapshot | null> {
  return (await readSealed(fs, dir, SNAPSHOT)) as Snapshot | null;
}

export async function readSealed(fs: JournalFs, dir: string, name: string): Promise<unknown> {
  const path = join(dir, name);
  const content = await fs.readAll(path);
  if (content === null) return null;
  const value = unsealed(content.toString('utf8'));
  if (value === null) throw new JournalCorruptError(path, 0, content.length, null, `${name} with a wrong CRC`);
  return value;
}

/** Durable, and read back with a good CRC, when it resolves: only then may the log below it go. */
export async function writeSnapshot(fs: JournalFs, dir: string, snapshot: Snapshot): Promise<void> {
  await writeSealed(fs, dir, SNAPSHOT, snapshot);
  await readSnapshot(fs, dir);
}

export async function writeSealed(fs: JournalFs, dir: string, name: string, value: unknown): Promise<void> {
  const path = join(dir, name);
  const draft = `${path}.draft`;
  await fs.remove(draft);
  const file = await fs.open(draft, 'create');
  try {
    await file.write(Buffer.from(sealed(value)), 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(draft, path);
  await fs.syncDir(dir);
}

/** `<CRC-32, 8 hexadecimal digits> <JSON>`, so that a person can read it. */
function sealed(value: unknown): string {
  const json = JSON.stringify(value);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

function unsealed(text: string): unknown {
  const json = text.slice(9).trimEnd();
  return json.length > 0 && Number.parseInt(text.slice(0, 8), 16) === crc32(json) ? JSON.parse(json) : null;
}
