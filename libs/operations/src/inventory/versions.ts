/** How package managers order versions. `dpkg`: as deb-version(7) says; `rpm`: as rpmvercmp does. The two differ in few corners. */
export type VersionOrder = 'dpkg' | 'rpm';

interface Version {
  readonly epoch: number;
  readonly upstream: string;
  /** What the distribution made of it. */
  readonly revision: string;
}

/** @returns below 0: `one` is older; 0: they are the same. Any texts, in linear time. */
export function compareVersions(one: string, other: string, order: VersionOrder = 'dpkg'): number {
  const [a, b] = [partsOf(one), partsOf(other)];
  const compare = order === 'rpm' ? compareRpm : compareDpkg;
  return a.epoch - b.epoch || compare(a.upstream, b.upstream) || compare(a.revision, b.revision);
}

function partsOf(version: string): Version {
  const colon = version.indexOf(':');
  const number = colon > 0 ? Number(version.slice(0, colon)) : 0;
  const rest = colon > 0 ? version.slice(colon + 1) : version;
  const dash = rest.lastIndexOf('-');
  return {
    epoch: Number.isFinite(number) ? number : 0,
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

const isDigit = (letter: string | undefined): boolean => letter !== undefined && letter >= '0' && letter <= '9';
const isLetter = (letter: string | undefined): boolean => letter !== undefined && /^[A-Za-z]$/.test(letter);

/** From `at` on, as long as it is so. */
function runOf(text: string, at: number, is: (letter: string | undefined) => boolean): string {
  let end = at;
  while (end < text.length && is(text[end])) end++;
  return text.slice(at, end);
}

/** By value, however long they are. */
function compareDigits(one: string, other: string): number {
  const [a, b] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** `~` is before the end, letters are before all other signs. */
const rankOf = (letter: string | undefined): number => {
  if (letter === undefined || isDigit(letter)) return 0;
  if (letter === '~') return -1;
  return isLetter(letter) ? letter.charCodeAt(0) : letter.charCodeAt(0) + 0x10000;
};

function compareDpkg(one: string, other: string): number {
  let [at, of] = [0, 0];
  while (at < one.length || of < other.length) {
    while ((at < one.length && !isDigit(one[at])) || (of < other.length && !isDigit(other[of]))) {
      const [a, b] = [rankOf(one[at]), rankOf(other[of])];
      if (a !== b) return a - b;
      at++;
      of++;
    }
    const [a, b] = [runOf(one, at, isDigit), runOf(other, of, isDigit)];
    const order = compareDigits(a, b);
    if (order !== 0) return order;
    at += a.length;
    of += b.length;
  }
  return 0;
}

const isBetween = (letter: string | undefined): boolean =>
  !isDigit(letter) && !isLetter(letter) && letter !== '~' && letter !== '^';

function compareRpm(one: string, other: string): number {
  let [at, of] = [0, 0];
  for (;;) {
    at += runOf(one, at, isBetween).length;
    of += runOf(other, of, isBetween).length;
    const [a, b] = [one[at], other[of]];
    if (a === '~' || b === '~') {
      if (a !== b) return a === '~' ? -1 : 1;
      at++;
      of++;
      continue;
    }
    if (a === '^' || b === '^') {
      if (a !== b) return afterCaret(a, b);
      at++;
      of++;
      continue;
    }
    if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
    // Digits are newer than letters.
    const is = isDigit(a) ? isDigit : isLetter;
    const [x, y] = [runOf(one, at, is), runOf(other, of, is)];
    if (y === '') return isDigit(a) ? 1 : -1;
    const order = isDigit(a) ? compareDigits(x, y) : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) return order;
    at += x.length;
    of += y.length;
  }
}

/** `^` is after the end, and before anything else that follows. */
const afterCaret = (a: string | undefined, b: string | undefined): number =>
  a === '^' ? (b === undefined ? 1 : -1) : a === undefined ? -1 : 1;
