import { STATUS_CODES } from 'node:http';
import { YosugaraError } from '@yosugara/kernel';
import type { Problem, SettingMistake } from '@yosugara/protocol';

/** What every refusal of the API looks like. `place` is the field that is wrong. */
export interface ApiErrorBody {
  readonly code: string;
  readonly message: string;
  readonly place?: string;
  /** Each mistake, where there may be several. */
  readonly problems?: readonly SettingMistake[];
}

/** As it is sent (RFC 9457). */
export const problemOf = (status: number, { code, message, ...rest }: ApiErrorBody): Problem => ({
  ...{ type: `urn:yosugara:${code}`, title: STATUS_CODES[status] ?? 'Error', status, detail: message, code, message },
  ...(rest.place === undefined ? {} : { place: rest.place }),
  ...(rest.problems === undefined ? {} : { problems: [...rest.problems] }),
});

/** The API refuses, with this HTTP status. */
export class ApiRefusal extends YosugaraError {
  override readonly name = 'ApiRefusal';
  readonly status: number;
  readonly place: string | undefined;
  readonly problems: readonly SettingMistake[] | undefined;
  constructor(status: number, code: string, message: string, place?: string, problems?: readonly SettingMistake[]) {
    super(code, message);
    this.status = status;
    this.place = place;
    this.problems = problems;
  }
}

export const notLoggedIn = () => new ApiRefusal(401, 'NOT_LOGGED_IN', 'log in first');

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  /** zod's `unrecognized_keys`. */
  readonly keys?: readonly string[];
}

/** The first mistake, with its place; zod lists them in the order of the schema. */
export function invalidInput(issues: readonly Issue[]): ApiRefusal {
  const first = issues[0];
  const place = [...(first?.path ?? []), ...(first?.keys?.slice(0, 1) ?? [])]
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new ApiRefusal(
    400,
    'INVALID_INPUT',
    `${place === '' ? '' : `${place}: `}${first?.message ?? 'not valid'}${more}`,
    place || undefined,
  );
}
