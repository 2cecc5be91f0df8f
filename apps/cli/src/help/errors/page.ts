import { CLUSTER_ERRORS } from './cluster.js';
import { COMMAND_LINE_ERRORS } from './command-line.js';
import { HOST_ERRORS } from './host.js';
import { MESSAGE_ERRORS } from './messages.js';
import type { ErrorTexts } from './types.js';

const PARTS = [CLUSTER_ERRORS, HOST_ERRORS, MESSAGE_ERRORS, COMMAND_LINE_ERRORS] as const satisfies readonly ErrorTexts[];
export const ERROR_TEXTS: ErrorTexts = Object.assign({}, ...PARTS);
/** Written down twice: one of them would say something that nobody reads. */
export const TWICE: readonly string[] = PARTS.flatMap((part) => Object.keys(part)).filter(
  (code, at, all) => all.indexOf(code) !== at,
);

export interface FoundCode {
  readonly code: string;
  /** Places in the sources, such as `libs/journal`. */
  readonly from: readonly string[];
}

/** Literals in the places where an error gets its code. */
const LITERAL = "'([A-Z][A-Z0-9_]{2,})'";
const BRANCHES = `(?:[^'\`();]{0,80}\\? )?${LITERAL}(?:\\s*:\\s*${LITERAL})?`;
const PLACES = [
  new RegExp(`\\bnew (?!InvalidInput)\\w*Error\\(\\s*${BRANCHES}`, 'g'),
  new RegExp(`\\bsuper\\(\\s*${BRANCHES}`, 'g'),
  new RegExp(`\\bcode\\b[^=\\n,;(]{0,20}=\\s*${LITERAL}`, 'g'),
  new RegExp(`\\bcode: (?:[^'\`()\\n]{0,60}\\? )?${LITERAL}`, 'g'),
  new RegExp(`\\b(?:refused|no|failure)\\((?:\\d+, )?${LITERAL}`, 'g'),
];
const UNION = /type \w*Code =((?:\s*\|?\s*'[A-Z0-9_]+')+)/g;

/** @param sources path below the project's root → text */
export function codesIn(sources: Iterable<readonly [path: string, text: string]>): readonly FoundCode[] {
  const found = new Map<string, Set<string>>();
  const add = (code: string | undefined, path: string) => {
    if (code === undefined) return;
    const places = found.get(code) ?? new Set();
    found.set(code, places.add(path.split('/').slice(0, 2).join('/')));
  };
  for (const [path, text] of sources) {
    for (const place of PLACES)
      for (const [, one, other] of text.matchAll(place)) for (const code of [one, other]) add(code, path);
    for (const [, union = ''] of text.matchAll(UNION))
      for (const [, code] of union.matchAll(new RegExp(LITERAL, 'g'))) add(code, path);
  }
  return [...found]
    .map(([code, from]) => ({ code, from: [...from].sort() }))
    .sort((one, other) => (one.code < other.code ? -1 : 1));
}

type ApiCodes = Readonly<Record<string, readonly [status: number, means: string]>>;

export function errorPage(found: readonly FoundCode[], alarms: ReadonlySet<string>, api: ApiCodes): string {
  const rows = found
    .filter(({ code }) => ERROR_TEXTS[code] !== undefined || api[code] !== undefined)
    .map(({ code, from }) => {
      const [
        means = api[code]?.[1],
        todo = alarms.has(code) ? `\`yosugara runbook ${code}\`` : 'the answer’s `detail` says what',
      ] = ERROR_TEXTS[code] ?? [];
      const status = api[code] === undefined ? '' : ` (API: ${api[code][0]})`;
      return `| \`${code}\` | ${means}${status} | ${todo} | ${from.join(', ')} |`;
    });
  return [
    '# Codes of errors',
    '',
    'Written from the sources (`YOSUGARA_WRITE_DOCS=1 npx vitest run apps/cli/src/help`); not to be changed by hand. A code stays what it is: programs may rely on it. It stands in `error.code` of `--json`, in `code` of a refusal of the',
    'API ([api](api.md#refusals) has its codes by status), and in the logs; the sentence beside it names the place. `yosugara runbook CODE` finds the same line. Codes of alarms have pages of their own: [runbooks](runbooks/README.md).',
    '',
    '| code | what it means | what to do | comes from |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
