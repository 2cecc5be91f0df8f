import { createHash } from 'node:crypto';
import { toUSVString } from 'node:util';
import { compileMibs, type MibNode, type MibProblem, splitMibs, storableMib } from '@yosugara/operations';
import { MAX_MIB_NAME } from '@yosugara/protocol';
import type { MibResult, MibSource, MibToPut } from '@yosugara/store';
import { groupedBy } from './grouped.js';

export interface UploadedFile {
  readonly name: string;
  readonly text: string;
}

export interface SplitUpload {
  readonly modules: readonly MibToPut[];
  /** Files of which nothing, or not everything, is kept. */
  readonly refused: readonly { readonly file: string; readonly problems: readonly MibLine[] }[];
}

export type MibLine = Omit<MibProblem, 'file'>;

/** What was stored before, as hexadecimal digests: objects that are the same are not sent again. */
export type KnownObjects = ReadonlyMap<string, string>;

/** JSON of one module's names; more is left out, and said. A thousand names of vendors' modules take 0.5 MB. */
const MAX_OBJECTS_CHARS = 16 * 1024 * 1024;
const MAX_DESCRIPTION = 4_000;
const MAX_NAME = 256;
const MAX_SHOWN = 20;

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Cuts the files of one upload into modules; a module that comes twice counts as it came last. */
export function splitUpload(files: readonly UploadedFile[]): SplitUpload {
  const modules = new Map<string, MibToPut>();
  const refused: { file: string; problems: readonly MibLine[] }[] = [];
  const refuse = (file: string, line: number, message: string) =>
    refused.push({ file, problems: [{ line, severity: 'error', message }] });
  for (const { name, text } of files) {
    const file = storableMib(name);
    const { parts, problems } = splitMibs({ name: file, text: storableMib(text) });
    if (parts.length === 0) refused.push({ file, problems: problems.slice(0, MAX_SHOWN).map(lineOf) });
    for (const part of parts) {
      const before = modules.get(part.name);
      if (before !== undefined)
        refuse(before.file, before.firstLine, `module ${part.name} is also in ${file} of this upload: that one counts`);
      if (part.name.length > MAX_MIB_NAME)
        refuse(file, part.firstLine, `the name of a module has more than ${MAX_MIB_NAME} characters`);
      else modules.set(part.name, { ...part, file, source: part.text, digest: sha256(part.text) });
    }
  }
  const kept = [...modules.values()].map(({ name, file, firstLine, source, digest, imports }) => ({
    ...{ name, file, firstLine, source, digest, imports },
  }));
  return { modules: kept, refused };
}

const lineOf = ({ line, severity, message }: MibProblem): MibLine => ({ line, severity, message });

/** All modules at once: each may need any other. One result a module, as it is ready to be stored. */
export function* compileAll(sources: readonly MibSource[], known: KnownObjects): Generator<MibResult> {
  // By the module's name, so that each problem says whose it is; lines are the uploaded file's.
  const files = sources.map(({ name, source, firstLine }) => ({ name, text: source, firstLine }));
  const { nodes, modules, problems } = compileMibs(files);
  const nodesOf = groupedBy(nodes, (node) => node.module);
  const problemsOf = groupedBy(problems, (problem) => problem.file);
  const missingOf = new Map(modules.map(({ name, missing }) => [name, missing]));
  for (const { name, firstLine } of sources) {
    const missing = missingOf.get(name) ?? [];
    const { json, left } = jsonOf(nodesOf.get(name) ?? []);
    const found = (problemsOf.get(name) ?? []).map(lineOf).sort((a, b) => a.line - b.line);
    if (left > 0)
      found.unshift({
        line: firstLine,
        severity: 'error',
        message: `${left} names of ${name} are too long, or too many: left out`,
      });
    const objectsDigest = sha256(json);
    const isKnown = known.get(name) === objectsDigest.toString('hex');
    const state = missing.length > 0 ? 'waiting' : found.some((each) => each.severity === 'error') ? 'errors' : 'compiled';
    yield { name, state, missing, problems: found, objectsDigest, objects: isKnown ? '[]' : json };
  }
}

function jsonOf(nodes: readonly MibNode[]): { readonly json: string; readonly left: number } {
  const parts: string[] = [];
  let chars = 0;
  let left = 0;
  for (const { oid, name, kind, type, objects, units, description } of nodes) {
    const isShort = name.length <= MAX_NAME && chars < MAX_OBJECTS_CHARS;
    const json = isShort ? JSON.stringify({ oid, name, kind, type, objects, units, description: inShort(description) }) : '';
    if (!isShort || chars + json.length > MAX_OBJECTS_CHARS) {
      left++;
      continue;
    }
    chars += json.length;
    parts.push(json);
  }
  return { json: `[${parts.join(',')}]`, left };
}

/** Without the indentation of its file. */
const inShort = (description: string | null): string | null =>
  description === null
    ? null
    : toUSVString(
        description
          .slice(0, 4 * MAX_DESCRIPTION)
          .split('\n')
          .map((line) => line.trim())
          .join('\n')
          .trim()
          .slice(0, MAX_DESCRIPTION),
      );
