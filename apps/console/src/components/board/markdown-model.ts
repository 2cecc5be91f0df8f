/** Pieces of a line. A link leads to http, https or a page of this console; any other is text. */
export type Inline =
  | { readonly kind: 'text' | 'strong' | 'emphasis' | 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly to: string; readonly isOurs: boolean };
export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly of: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly lines: readonly (readonly Inline[])[] }
  | { readonly kind: 'list'; readonly isOrdered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'rule' };

/** Headings, lists, code, rules and paragraphs of a text; nothing in it is taken for HTML. Each line is looked at once. */
export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (line.trim() === '') continue;
    if (line.startsWith('```')) {
      const from = at + 1;
      at = from;
      while (at < lines.length && !lines[at]!.startsWith('```')) at += 1;
      blocks.push({ kind: 'code', text: lines.slice(from, at).join('\n') });
      continue;
    }
    const heading = /^(#{1,3}) (.*)$/.exec(line);
    if (heading !== null) {
      blocks.push({ kind: 'heading', level: heading[1]!.length as 1 | 2 | 3, of: inlinesOf(heading[2]!) });
      continue;
    }
    if (/^(-{3,}|\*{3,})$/.test(line.trim())) {
      blocks.push({ kind: 'rule' });
      continue;
    }
    const isItem = (each: string | undefined, marker: RegExp) => each !== undefined && marker.test(each);
    const marker = isItem(line, BULLET) ? BULLET : isItem(line, NUMBERED) ? NUMBERED : null;
    if (marker !== null) {
      const from = at;
      while (isItem(lines[at + 1], marker)) at += 1;
      const items = lines.slice(from, at + 1).map((each) => inlinesOf(each.replace(marker, '')));
      blocks.push({ kind: 'list', isOrdered: marker === NUMBERED, items });
      continue;
    }
    const from = at;
    while (isPlain(lines[at + 1])) at += 1;
    blocks.push({ kind: 'paragraph', lines: lines.slice(from, at + 1).map(inlinesOf) });
  }
  return blocks;
}

const BULLET = /^ {0,3}[-*] /;
const NUMBERED = /^ {0,3}\d{1,3}[.)] /;
const isPlain = (line: string | undefined): boolean =>
  line !== undefined &&
  line.trim() !== '' &&
  !line.startsWith('```') &&
  !/^#{1,3} /.test(line) &&
  !BULLET.test(line) &&
  !NUMBERED.test(line) &&
  !/^(-{3,}|\*{3,})$/.test(line.trim());

const MARKS = [
  ['`', 'code'],
  ['**', 'strong'],
  ['*', 'emphasis'],
] as const;

function inlinesOf(line: string): readonly Inline[] {
  const found: Inline[] = [];
  let plain = '';
  const put = (piece: Inline) => {
    if (plain !== '') found.push({ kind: 'text', text: plain });
    plain = '';
    found.push(piece);
  };
  // A mark that has no end once has none later either: looked for once, however many there are.
  const endless = new Set<string>();
  for (let at = 0; at < line.length; ) {
    const link = line[at] === '[' && !endless.has('[') ? linkAt(line, at) : null;
    if (link !== null) {
      put(link.piece);
      at = link.end;
      continue;
    }
    const here = MARKS.find(([sign]) => line.startsWith(sign, at));
    // A star between words is a star.
    const mark = here !== undefined && /\S/.test(line[at + here[0].length] ?? ' ') ? here : undefined;
    const end = mark === undefined || endless.has(mark[0]) ? -1 : line.indexOf(mark[0], at + mark[0].length);
    if (mark !== undefined && end > at + mark[0].length) {
      put({ kind: mark[1], text: line.slice(at + mark[0].length, end) });
      at = end + mark[0].length;
      continue;
    }
    if (mark !== undefined && end < 0) endless.add(mark[0]);
    if (line[at] === '[' && !endless.has('[') && line.indexOf('](', at) < 0) endless.add('[');
    const step = here?.[0].length ?? 1;
    plain += line.slice(at, at + step);
    at += step;
  }
  if (plain !== '') found.push({ kind: 'text', text: plain });
  return found;
}

const MOST_LINK_CHARS = 2_048;

function linkAt(line: string, at: number): { readonly piece: Inline; readonly end: number } | null {
  const window = line.slice(at, at + MOST_LINK_CHARS);
  const middle = window.indexOf('](');
  const end = middle < 0 ? -1 : window.indexOf(')', middle);
  if (middle <= 1 || end < 0) return null;
  const [text, to] = [window.slice(1, middle), window.slice(middle + 2, end)];
  if (text.includes('[')) return null;
  const isOurs = /^\/(?![/\\])[^\s\\]*$/.test(to);
  if (!isOurs && !/^https?:\/\/[^\s\\]+$/i.test(to)) return null;
  return { piece: { kind: 'link', text, to, isOurs }, end: at + end + 1 };
}
