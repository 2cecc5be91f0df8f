import { createHash } from 'node:crypto';
import type { AgentState, Mark } from '@yosugara/operations/agent';
import type { AgentNews, AgentTask, FromAgent, ToAgent } from '@yosugara/protocol';

export interface HostFile {
  readonly content: Buffer;
  readonly modifiedAtMs: number;
}
/** By path. */
export type Files = Map<string, HostFile>;

type FileQuestion = Extract<ToAgent, { say: 'file-list' | 'file-read' | 'file-write' }>;
type FileAnswer = Pick<Extract<FromAgent, { say: 'file-answer' }>, 'ok' | 'why' | 'data'>;

export const hasFileQuestion = (saying: ToAgent): saying is FileQuestion => saying.say.startsWith('file-');

const namesIn = (files: Files, directory: string): readonly string[] =>
  [...files.keys()].flatMap((path) => (path.startsWith(`${directory}/`) ? [path.slice(directory.length + 1)] : []));

/** What the agent does with one: parts are written where the one before ended, and a file gets its name when it is whole. */
export function answerFile(
  question: FileQuestion,
  highestEpoch: number,
  files: Files,
  parts: Map<string, Buffer>,
  nowMs: number,
): FileAnswer {
  const ok = (data: unknown): FileAnswer => ({ ok: true, why: '', data });
  const no = (why: string): FileAnswer => ({ ok: false, why, data: null });
  if (question.epoch < highestEpoch) return no(`epoch ${question.epoch} is over`);
  if (question.say === 'file-list') {
    const names = namesIn(files, question.directory).filter((name) => new RegExp(`^(?:${question.name})$`).test(name));
    const sizeOf = (name: string) => files.get(`${question.directory}/${name}`)!.content.length;
    return ok({ files: names.map((name) => ({ name, sizeBytes: sizeOf(name) })) });
  }
  if (question.say === 'file-read') {
    const file = files.get(question.path);
    if (file === undefined) return no('there is no such file');
    return ok({ data: file.content.subarray(question.offset, question.offset + question.length).toString('base64') });
  }
  const { path, offset, data, end } = question;
  const have = parts.get(path) ?? Buffer.alloc(0);
  if (offset !== have.length) return ok({ haveBytes: have.length });
  const now = Buffer.concat([have, Buffer.from(data, 'base64')]);
  parts.set(path, now);
  if (end === null) return ok({ haveBytes: now.length });
  parts.delete(path);
  if (end.sizeBytes !== now.length) return no('it has another size');
  if (end.sha256 !== null && createHash('sha256').update(now).digest('hex') !== end.sha256) return no('it has another SHA-256');
  files.set(path, { content: now, modifiedAtMs: nowMs });
  return ok({ haveBytes: now.length });
}

/** As the agent's own: what was there when it began is no news. null = nothing changed. */
export function watch(
  task: AgentTask,
  state: AgentState,
  files: Files,
  atMs: number,
): { readonly news: readonly AgentNews[]; readonly marks: readonly Mark[] } | null {
  if (task.kind !== 'file-watch') return null;
  const { id, directory, name: pattern, change } = task;
  const prefix = `watch/${id}/`;
  const isNew = state.marks.get(prefix) === undefined;
  const fresh = namesIn(files, directory).filter(
    (name) => new RegExp(`^(?:${pattern})$`).test(name) && state.marks.get(prefix + name) === undefined,
  );
  const marks: Mark[] = fresh.map((name) => ({ key: prefix + name, value: true }));
  if (isNew) marks.push({ key: prefix, value: true });
  if (marks.length === 0) return null;
  const news = fresh.map((name): AgentNews => {
    const { content, modifiedAtMs } = files.get(`${directory}/${name}`)!;
    return { kind: 'file', task: id, atMs, directory, name, change, sizeBytes: content.length, modifiedAtMs };
  });
  return { news: isNew ? [] : news, marks };
}
