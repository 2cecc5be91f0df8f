import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InvalidInputError } from '@yosugara/kernel';
import {
  MAX_MIB_FILE,
  MAX_MIB_FILES,
  type MibDetail,
  MibDetailSchema,
  type MibList,
  MibListSchema,
  type MibLookup,
  MibLookupSchema,
  type MibModuleSummary,
  type MibProblemText,
  type MibUploaded,
  MibUploadedSchema,
} from '@yosugara/protocol';
import { known, type ManagerApi } from '../control/manager-api.js';
import { bytes, type Paint, printable, table } from '../output/terminal.js';

interface MibText {
  readonly name: string;
  readonly text: string;
}

/** Of one request; the manager takes somewhat more. */
const BATCH_CHARS = 6 * 1024 * 1024;
/** The manager answers after 25 s, whether or not it is done with compiling. */
const CHANGE_DEADLINE_MS = 60_000;
const ANYTHING = { parse: (value: unknown) => value };

/** Files, and the files of folders. @throws InvalidInputError — it cannot be read, or is too large to be a module. */
export function readMibs(paths: readonly string[]): readonly MibText[] {
  return paths.flatMap((path) => {
    try {
      if (!statSync(path).isDirectory()) return [read(path)];
      const files = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
      return files.map(({ name }) => read(join(path, name)));
    } catch (error) {
      if (error instanceof InvalidInputError) throw error;
      throw new InvalidInputError('FILE', path, 'a file that can be read');
    }
  });
}

function read(path: string): MibText {
  const raw = readFileSync(path);
  if (raw.length > MAX_MIB_FILE)
    throw new InvalidInputError('FILE', `${path}, ${raw.length} bytes`, `at most ${MAX_MIB_FILE} bytes`);
  return { name: basename(path), text: textOf(raw) };
}

/** Modules are ASCII; comments and descriptions are sometimes in the charset of their author. */
function textOf(raw: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    return new TextDecoder('latin1').decode(raw);
  }
}

/** In several requests when they are many; what waits for a module of a later one is told as it ends. */
export async function importMibs(api: ManagerApi, files: readonly MibText[], by: string): Promise<MibUploaded> {
  const modules = new Map<string, MibUploaded['modules'][number]>();
  const done = { completed: new Set<string>(), refused: [] as MibUploaded['refused'][number][], compiled: true };
  for (const batch of batchesOf(files)) {
    const answer = await api.change('POST', '/api/v1/mibs', { files: batch, by }, MibUploadedSchema, CHANGE_DEADLINE_MS);
    for (const module of answer.modules) modules.set(module.name, module);
    for (const name of answer.completed) done.completed.add(name);
    done.refused.push(...answer.refused);
    done.compiled = answer.compiled;
  }
  for (const name of done.completed) {
    const module = modules.get(name);
    if (module === undefined) continue;
    // It is no longer as its own request was told.
    const { imports: _, importedBy: __, traps: ___, ...now } = await showMib(api, name);
    modules.set(name, now);
    done.completed.delete(name);
  }
  return { ...done, modules: [...modules.values()], completed: [...done.completed] };
}

function* batchesOf(files: readonly MibText[]): Generator<readonly MibText[]> {
  let batch: MibText[] = [];
  let chars = 0;
  for (const file of files) {
    if (batch.length > 0 && (batch.length >= MAX_MIB_FILES || chars + file.text.length > BATCH_CHARS)) {
      yield batch;
      [batch, chars] = [[], 0];
    }
    batch.push(file);
    chars += file.text.length;
  }
  if (batch.length > 0) yield batch;
}

export const listMibs = async (api: ManagerApi): Promise<MibList> => await api.get('/api/v1/mibs', MibListSchema);

export const showMib = async (api: ManagerApi, name: string): Promise<MibDetail> =>
  await known(api.get(`/api/v1/mibs/${encodeURIComponent(name)}`, MibDetailSchema));

export const lookUpMib = async (api: ManagerApi, oid: string): Promise<MibLookup> =>
  await known(api.get(`/api/v1/mibs/lookup?oid=${encodeURIComponent(oid)}`, MibLookupSchema));

export async function deleteMib(api: ManagerApi, name: string, by: string): Promise<void> {
  const path = `/api/v1/mibs/${encodeURIComponent(name)}?by=${encodeURIComponent(by)}`;
  await known(api.change('DELETE', path, undefined, ANYTHING, CHANGE_DEADLINE_MS));
}

/** A module that merely waits is no failure: what it waits for may come later. */
export const isImported = ({ modules, refused }: MibUploaded): boolean =>
  refused.length === 0 && modules.every(({ state }) => state !== 'errors');

const COLORS = { compiled: 'green', waiting: 'yellow', errors: 'red', compiling: 'dim' } as const;

function moduleTable(modules: readonly MibModuleSummary[], paint: Paint): string {
  const rows = modules.map((module) => [
    printable(module.name),
    paint(module.state, COLORS[module.state]),
    String(module.objects),
    String(module.notifications),
    String(module.errors),
    bytes(module.bytes),
    printable(module.uploadedBy),
    module.uploadedAt,
    module.missing.length === 0
      ? printable(module.file)
      : `${printable(module.file)}; wants ${printable(module.missing.join(', '))}`,
  ]);
  return table(['MODULE', 'STATE', 'NAMES', 'TRAPS', 'ERRORS', 'SIZE', 'BY', 'UPLOADED', 'FILE'], rows);
}

const problemLines = (file: string, problems: readonly MibProblemText[]): readonly string[] =>
  problems.map(({ line, severity, message }) => printable(`${file}:${line}: ${severity}: ${message}`));

export function renderImported({ modules, completed, refused, compiled }: MibUploaded, paint: Paint): string {
  return [
    ...(modules.length === 0 ? [] : [moduleTable(modules, paint)]),
    ...modules.flatMap(({ file, problems }) => problemLines(file, problems)),
    ...refused.flatMap(({ file, problems }) => problemLines(file, problems)),
    ...(completed.length === 0 ? [] : [`wait no longer: ${completed.map(printable).join(', ')}`]),
    ...(compiled ? [] : ['stored, and still being compiled: see yosugara mib list']),
  ].join('\n');
}

export function renderMibs({ modules, builtIn, compiling }: MibList, paint: Paint): string {
  const note = `built in: ${builtIn.join(', ')}`;
  return [
    modules.length === 0 ? 'no module was uploaded' : moduleTable(modules, paint),
    ...(compiling ? ['a change is being compiled'] : []),
    note,
  ].join('\n');
}

export function renderMib(module: MibDetail, paint: Paint): string {
  const names = (list: readonly string[]) => (list.length === 0 ? '–' : printable(list.join(', ')));
  return [
    moduleTable([module], paint),
    `imports from ${names(module.imports)}`,
    `imported by ${names(module.importedBy)}`,
    ...problemLines(module.file, module.problems),
    ...(module.traps.length === 0 ? [] : [table(['TRAP', 'OID', 'CARRIES'], module.traps.map(trapRow))]),
  ].join('\n');
}

const trapRow = ({ name, oid, objects }: MibDetail['traps'][number]) => [printable(name), oid, printable(objects.join(', '))];

export function renderLookup({ oid, node, called }: MibLookup): string {
  if (node === null) return `${oid}: no name is known`;
  const { type } = node;
  const labels = type?.labels?.map(({ label, value }) => `${label}(${value})`).join(', ');
  const isExact = called !== oid;
  return [
    isExact ? `${printable(called)} = ${oid}` : `${oid}: has no name; the nearest above it is ${printable(node.name)}`,
    printable(`${node.module}::${node.name} ${node.oid}, ${node.kind}`),
    ...(type === null
      ? []
      : [
          printable(
            `type ${type.name}${type.name === type.base ? '' : ` (${type.base})`}${type.hint === null ? '' : `, shown as ${type.hint}`}`,
          ),
        ]),
    ...(labels === undefined ? [] : [printable(labels)]),
    ...(node.units === null ? [] : [printable(`in ${node.units}`)]),
    ...(node.objects.length === 0 ? [] : [printable(`carries ${node.objects.join(', ')}`)]),
    ...(node.description === null ? [] : node.description.split('\n').map((line) => `  ${printable(line)}`)),
  ].join('\n');
}

/** The text as it was uploaded. */
export const readMibSource = async (api: ManagerApi, name: string): Promise<string> =>
  await known(api.text(`/api/v1/mibs/${encodeURIComponent(name)}/source`, 'text/plain'));
