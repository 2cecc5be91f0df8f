/** What other pages may point at: headings as forges name them, and what has an id of its own. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const plain = withoutBlocks(text);
  const found = new Set([...plain.matchAll(/<a id="([^"]+)"/g)].map(([, id]) => id!));
  const counts = new Map<string, number>();
  for (const [, heading] of plain.matchAll(/^#{1,6} (.*)$/gm)) {
    const slug = slugOf(heading!);
    const before = counts.get(slug) ?? 0;
    counts.set(slug, before + 1);
    found.add(before === 0 ? slug : `${slug}-${before}`);
  }
  return found;
}

/** As GitHub makes it: letters of every script, digits, `_` and `-`; spaces become `-`. */
export const slugOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');

export interface Link {
  /** Without the anchor; '' = this page. */
  readonly path: string;
  readonly anchor: string | null;
}

/** Links into the project; those to the outside world are nobody's promise here. */
export function linksOf(text: string): readonly Link[] {
  const plain = withoutBlocks(text).replace(/`[^`\n]*`/g, '');
  return [...plain.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = null] = target.split('#');
      return { path, anchor };
    });
}

const withoutBlocks = (text: string): string => text.replace(/^( *)(`{3,})[^\n]*\n[\s\S]*?^ *\2`* *$/gm, '');
