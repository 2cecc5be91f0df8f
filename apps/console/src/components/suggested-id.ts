/** An id that a name suggests; names may be of any script, ids may not. @param baseOf of its words, '' = none of them can be in an id. */
export function suggestedId(name: string, taken: ReadonlySet<string>, baseOf: (words: string) => string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
  const base = baseOf(words);
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(id)) return id;
  }
}
