import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { explain, InvalidInputError } from '@yosugara/kernel';
import { nodesOfCsv, type PlacedDocument, yamlParts } from '@yosugara/protocol';
import { LineCounter, parse, parseDocument, visit, YAMLParseError } from 'yaml';

/** Of one file; a hundred thousand nodes are some 30 MB. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Settings in files: YAML with several documents (`---`), JSON (a list, or what `export --json` prints), or CSV of nodes. `-`: standard input, YAML. */
export function readDocuments(files: readonly string[]): readonly PlacedDocument[] {
  return files.flatMap((file) => {
    const text = readText(file);
    switch (extname(file).toLowerCase()) {
      case '.csv':
        return nodesOfCsv(text, file);
      case '.json':
        return documentsOfJson(text, file);
      default:
        return documentsOfYaml(text, file);
    }
  });
}

function readText(file: string): string {
  let raw: Buffer;
  try {
    raw = readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw new InvalidInputError('-f', `${file} (${explain(error)})`, 'a file that can be read');
  }
  if (raw.length > MAX_FILE_BYTES)
    throw new InvalidInputError('-f', `${file}, ${raw.length} bytes`, `at most ${MAX_FILE_BYTES} bytes`);
  return raw.toString('utf8');
}

function documentsOfJson(text: string, file: string): readonly PlacedDocument[] {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new InvalidInputError(file, explain(error), 'JSON');
  }
  const list = Array.isArray(found) ? found : (found as { documents?: unknown } | null)?.documents;
  const documents: readonly unknown[] = Array.isArray(list) ? list : [found];
  return documents.map((document) => ({ document, file, line: 1 }));
}

/**
 * One document after the other: a line that begins with `---` separates them wherever it stands (YAML 1.2.2, 9.1.2), and a file of a hundred
 * thousand is not held as a syntax tree.
 */
function documentsOfYaml(text: string, file: string): readonly PlacedDocument[] {
  return [...yamlParts(text)].flatMap(({ part, line }) => {
    let document: unknown;
    try {
      document = parse(part);
    } catch (error) {
      // Its own sentence counts from where the document begins.
      const at = error instanceof YAMLParseError ? (error.linePos?.[0].line ?? 1) : 1;
      const why = (explain(error).split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
      throw new InvalidInputError(`${file}:${line + at - 1}`, why, 'YAML');
    }
    refuseCutText(part, file, line);
    return document === null || document === undefined ? [] : [{ document, file, line }];
  });
}

/** `command: rm -r /in/ #[DAY]` without quotes is `rm -r /in/` and a comment (YAML 1.2.2, 6.6): nobody means that. */
function refuseCutText(part: string, file: string, line: number): void {
  if (!CUT.test(part)) return;
  const counter = new LineCounter();
  visit(parseDocument(part, { lineCounter: counter }), {
    Scalar(_, { comment, range }) {
      if (comment == null || !VARIABLE.test(comment) || range == null) return;
      const at = line + counter.linePos(range[0]).line - 1;
      throw new InvalidInputError(
        `${file}:${at}`,
        `#${comment} behind a blank, which is a comment in YAML`,
        'quotes around text with #[…] in it',
      );
    },
  });
}
const CUT = /\s#\[[A-Za-z_]/;
const VARIABLE = /^\[[A-Za-z_][^\]]*\]/;

/** `file:line` of a place in a document, such as `body.addresses.0`. */
export function whereIs({ file, line }: PlacedDocument, place: string): string {
  if (extname(file).toLowerCase() === '.csv') return `${file}:${line}`;
  if (file === '-' || extname(file).toLowerCase() === '.json') return file;
  try {
    const part = [...yamlParts(readText(file))].find((each) => each.line === line)?.part ?? '';
    const counter = new LineCounter();
    const document = parseDocument(part, { lineCounter: counter });
    // What is not there is shown where it could be.
    for (let keys = place.split('.').map(keyOf); keys.length > 0; keys = keys.slice(0, -1)) {
      const found = document.getIn(keys, true) as { readonly range?: readonly number[] | null } | undefined;
      const [offset] = found?.range ?? [];
      if (offset !== undefined) return `${file}:${line + counter.linePos(offset).line - 1}`;
    }
  } catch {
    // It has changed since: where it began must do.
  }
  return `${file}:${line}`;
}

const keyOf = (key: string): string | number => (/^\d+$/.test(key) ? Number(key) : key);
