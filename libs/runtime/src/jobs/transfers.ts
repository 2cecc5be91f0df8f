import { createHash } from 'node:crypto';
import { type Epoch, YosugaraError } from '@yosugara/kernel';
import type { TransferFile } from '@yosugara/operations';
import { FilePartSchema, FilesListedSchema, FileWrittenSchema } from '@yosugara/protocol';
import type { AgentLinks } from './agent-ports.js';

/** Of one message; base64 makes a third more of it. */
const PART_BYTES = 512 * 1_024;
const PART_DEADLINE_MS = 30_000;

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
  return FilesListedSchema.parse(data).files.map((file) => ({ name: file.name, sizeBytes: file.sizeBytes }));
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

/**
 * Part by part through this manager; what is there of a copy that was broken off is not sent again. A file gets its name on the target when it is whole.
 * @returns what was done, in a sentence.
 */
export async function copyFiles(links: Files, copy: Copy, signal: AbortSignal): Promise<string> {
  let bytes = 0;
  for (const file of copy.files) bytes += await copyFile(links, copy, file.name, signal);
  return `${copy.files.length} files with ${bytes} bytes were copied.`;
}

async function copyFile(links: Files, copy: Copy, name: string, signal: AbortSignal): Promise<number> {
  const { epoch, source, target, checksum, user } = copy;
  const [path, goal] = [`${copy.from}/${name}`, `${copy.to}/${name}`];
  const hash = createHash('sha256');
  const write = async (offset: number, data: string, end: Extract<Question, { say: 'file-write' }>['end']) =>
    FileWrittenSchema.parse(
      await ask(links, target, { say: 'file-write', id: 0, epoch, path: goal, offset, data, end }, PART_DEADLINE_MS),
    ).haveBytes;
  let have = await write(0, '', null);
  for (let offset = 0; ; ) {
    if (signal.aborted) throw new TransferError('this manager stopped');
    const part = FilePartSchema.parse(
      await ask(links, source, { say: 'file-read', id: 0, epoch, path, offset, length: PART_BYTES }, PART_DEADLINE_MS),
    );
    const data = Buffer.from(part.data, 'base64');
    hash.update(data);
    const isLast = data.length < PART_BYTES;
    const after = offset + data.length;
    if (after > have || isLast) {
      // What is there already may end within this part.
      const begin = Math.min(Math.max(have, offset), after);
      const end = isLast ? { sizeBytes: after, sha256: checksum ? hash.digest('hex') : null, mode: 0o644, user } : null;
      have = await write(begin, data.subarray(begin - offset).toString('base64'), end);
      if (have !== after) throw new TransferError(`${target}: ${goal} has ${have} bytes after ${after} were written`);
    }
    offset = after;
    if (isLast) return offset;
  }
}
