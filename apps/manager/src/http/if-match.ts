import { ApiRefusal } from './errors.js';

/** RFC 9110 13.1.1 and 13.1.2, as far as there is one revision at a time. `some`: whichever it is, it must be there; null: it must be new. */
export type Expected = number | 'some' | null;

/**
 * What a change was made from, which whoever changes must say: else the last one would win over what nobody has read.
 * @throws ApiRefusal 428 — neither is there; 400 — one that is none of ours.
 */
export function demandedRevision(ifMatch: string | undefined, ifNoneMatch?: string): Expected {
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*' && ifMatch === undefined) return null;
    throw new ApiRefusal(400, 'INVALID_INPUT', 'if-none-match: allowed is *, and not together with if-match', 'if-none-match');
  }
  if (ifMatch === undefined)
    throw new ApiRefusal(
      428,
      'PRECONDITION_REQUIRED',
      'say what it was made from: the ETag of its reading in if-match, * when it is to be whichever it is now; or, of a PUT, if-none-match: * when it must be new',
      'if-match',
    );
  if (ifMatch.trim() === '*') return 'some';
  const revision = /^(?:W\/)?"?(\d{1,9})"?$/.exec(ifMatch.trim())?.[1];
  if (revision === undefined) throw new ApiRefusal(400, 'INVALID_INPUT', 'if-match: allowed is an ETag of it, or *', 'if-match');
  return Number(revision);
}
