import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Seen } from '@yosugara/operations';

/** A file, or the text of a setting. */
export interface CertificateSource {
  readonly name: string;
  readonly file?: string;
  readonly pem?: string;
  /** It need not be there. */
  readonly optional?: boolean;
}

const PEM = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g;
const MOST_BYTES = 4 * 1_048_576;

/** How long each certificate is still valid, of several in one file that which ends first; and those that cannot be read. */
export async function lookAtCertificates(
  sources: readonly CertificateSource[],
  nowMs: number,
): Promise<{ readonly ends: readonly Seen[]; readonly unread: readonly Seen[] }> {
  const ends: Seen[] = [];
  const unread: Seen[] = [];
  for (const source of sources) {
    const { name } = source;
    try {
      const text = source.pem ?? (await readFile(source.file ?? '', 'utf8'));
      const first = firstToEnd(text.slice(0, MOST_BYTES));
      ends.push({ item: name, value: (first.validToDate.getTime() - nowMs) / 1_000, note: subjectOf(first) });
      unread.push({ item: name, value: 0 });
    } catch (error) {
      if (source.optional === true && (error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      unread.push({ item: name, value: 1, note: (error as Error).message });
    }
  }
  return { ends, unread };
}

function firstToEnd(text: string): X509Certificate {
  const found = (text.match(PEM) ?? []).map((pem) => new X509Certificate(pem));
  const [first, ...more] = found;
  if (first === undefined) throw new Error('there is no certificate in it (PEM)');
  return more.reduce((one, other) => (other.validToDate < one.validToDate ? other : one), first);
}

const subjectOf = ({ subject }: X509Certificate): string => (subject ?? '').replaceAll('\n', ', ');
