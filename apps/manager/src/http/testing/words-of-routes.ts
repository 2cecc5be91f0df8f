import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operationId } from '../openapi.js';

const SRC = join(import.meta.dirname, '../..');
const ROUTE = /^ {2}@(?:Get|Post|Put|Patch|Delete|Sse)\(/;
const HANDLER = /^ {2}(?:async )?(\w+)[(<]/;

/** What the comments of the controllers say of their routes, by operation. */
export function wordsOfRoutes(): Readonly<Record<string, string>> {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.controller.ts'));
  const words = files.sort().flatMap((file) => wordsIn(readFileSync(join(SRC, file), 'utf8')));
  return Object.fromEntries(words.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function wordsIn(source: string): readonly (readonly [string, string])[] {
  const controller = /export class (\w+Controller)/.exec(source)?.[1] ?? '';
  const found: (readonly [string, string])[] = [];
  let comment: string[] = [];
  let isRoute = false;
  let isOpen = false;
  for (const line of source.split('\n')) {
    if (line.startsWith('  /**')) {
      comment = [];
      isOpen = true;
    }
    if (isOpen) comment.push(line.replace(/^\s*\/?\*+\s?/, '').replace(/\s*\*\/$/, ''));
    if (line.endsWith('*/')) isOpen = false;
    if (ROUTE.test(line)) isRoute = true;
    const handler = HANDLER.exec(line)?.[1];
    if (handler === undefined) continue;
    const text = comment.join(' ').replaceAll(/\s+/g, ' ').trim();
    if (isRoute && text !== '') found.push([operationId(controller, handler), text]);
    comment = [];
    isRoute = false;
  }
  return found;
}
