import { createHash } from 'node:crypto';
import { type Epoch, YosugaraError } from '@yosugara/kernel';
import type { TransferFile } from '@yosugara/operations';
import { FilePartSchema, FilesListedSchema, FileWrittenSchema } from '@yosugara/protocol';
import type { AgentLinks } from './agent-ports.js';

/** Of one message; base64 makes a third more of it. */
const PART_BYTES = 512 * 1_024;
const PART_DEADLINE_MS = 30_000;
/** Who runs it is not copied along: on the target it would run as somebody else. */
const MODE_BITS = 0o777;

/** An agent could not do what a file transfer needs. */
export class TransferError extends YosugaraError {
  override readonly name = 'TransferError';
  constructor(why: string) {
    super('FILE_TRANSFER', why);
  }
}

type Files = Pick<AgentLinks, 'file'>;
type Question = Parameters<AgentLinks['file']>[1];

async function ask(links: Files, agent: string, question: Question, deadlineMs: number): Promise<unknown> {
  const { ok, why, data } = await links.file(agent, question, deadlineMs);
  if (!ok) throw new TransferError(`${agent}: ${why}`);
  return data;
}

/** @throws TransferError, or what the link throws */
export async function listFiles(
  links: Files,
  {
    agent,
    epoch,
    directory,
    name,
  }: { readonly agent: string; readonly epoch: Epoch; readonly directory: string; readonly name: string },
  deadlineMs: number,
): Promise<readonly TransferFile[]> {
  const data = await ask(links, agent, { say: 'file-list', id: 0, epoch, directory, name }, deadlineMs);
  return FilesListedSchema.parse(data).files.map((file) => ({ name: file.name, sizeBytes: file.sizeBytes, mode: file.mode }));
}

export interface Copy {
  readonly epoch: Epoch;
  readonly source: string;
  readonly target: string;
  /** Directories. */
  readonly from: string;
  readonly to: string;
  readonly files: readonly TransferFile[];
  readonly checksum: boolean;
  readonly user: string | null;
}

/** After each part. */
export type OnProgress = (done: { readonly bytes: number; readonly ofBytes: number; readonly file: string }) => void;

/**
 * Part by part through this manager; what is there of a copy that was broken off is not sent again. A file gets its name on the target when it is whole.
 * @returns what was done, in a sentence. @throws TransferError, or what the link throws: then the same copy goes on where it was
 */
export async function copyFiles(links: Files, copy: Copy, signal: AbortSignal, onProgress: OnProgress): Promise<string> {
  let bytes = 0;
  const all = copy.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const file of copy.files) {
    const before = bytes;
    const onPart = (done: number) => onProgress({ bytes: before + done, ofBytes: Math.max(all, before + done), file: file.name });
    bytes += await copyFile(links, copy, file, signal, onPart);
  }
  return `${copy.files.length} files with ${bytes} bytes were copied.`;
}

interface Part {
  readonly data: Buffer;
  readonly version: string | null;
}

async function copyFile(
  links: Files,
  { epoch, source, target, checksum, user, from, to }: Copy,
  { name, mode }: TransferFile,
  signal: AbortSignal,
  onPart: (doneBytes: number) => void,
): Promise<number> {
  const [path, goal] = [`${from}/${name}`, `${to}/${name}`];
  const hash = createHash('sha256');
  const read = async (offset: number): Promise<Part> => {
    if (signal.aborted) throw new TransferError('it was stopped');
    const question = { say: 'file-read', id: 0, epoch, path, offset, length: PART_BYTES } as const;
    const { data, version } = FilePartSchema.parse(await ask(links, source, question, PART_DEADLINE_MS));
    return { data: Buffer.from(data, 'base64'), version };
  };
  let part = await read(0);
  const { version } = part;
  const write = async (offset: number, data: Buffer, end: Extract<Question, { say: 'file-write' }>['end']) => {
    const question = {
      say: 'file-write',
      id: 0,
      epoch,
      path: goal,
      offset,
      data: data.toString('base64'),
      version,
      end,
    } as const;
    return FileWrittenSchema.parse(await ask(links, target, question, PART_DEADLINE_MS)).haveBytes;
  };
  let have = await write(0, NOTHING, null);
  for (let offset = 0; ; part = await read(offset)) {
    // One half of the old one and one half of the new one is neither.
    if (part.version !== version)
      throw new TransferError(`${source}: ${path} changed while it was copied: it is not put in place`);
    hash.update(part.data);
    const isLast = part.data.length < PART_BYTES;
    const after = offset + part.data.length;
    if (after > have || isLast) {
      // What is there already may end within this part.
      const begin = Math.min(Math.max(have, offset), after);
      const end = isLast
        ? { sizeBytes: after, sha256: checksum ? hash.digest('hex') : null, mode: mode & MODE_BITS, user }
        : null;
      have = await write(begin, part.data.subarray(begin - offset), end);
      if (have !== after) throw new TransferError(`${target}: ${goal} has ${have} bytes after ${after} were written`);
    }
    offset = after;
    onPart(offset);
    if (isLast) return offset;
  }
}

const NOTHING = Buffer.alloc(0);
