import { readFileSync, statSync } from 'node:fs';

/** A file's text as it is now: read again when the file is another one. One that cannot be read just now stays as it was. */
export function textNow(path: string, first: string): () => string {
  let text = first;
  let seen = stampOf(path);
  return () => {
    const stamp = stampOf(path);
    if (stamp === null || stamp === seen) return text;
    try {
      const next = readFileSync(path, 'utf8').trim();
      if (next !== '') text = next;
      seen = stamp;
    } catch {
      // The next who asks tries again.
    }
    return text;
  };
}

function stampOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.ino} ${found.size} ${found.mtimeMs}`;
}
