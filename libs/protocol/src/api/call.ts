/** One call of the API, as it is to be sent. Who sends it, with what credentials and how often, is somebody else's. */
export interface ApiCall<T> {
  readonly method: ApiMethod;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** It takes an Idempotency-Key: sent again under the same one it is done once. */
  readonly isCommand: boolean;
  readonly answer: AnswerSchema<T>;
}
export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What zod's schemas can do, as far as it is needed here. */
export interface AnswerSchema<T> {
  parse(value: unknown): T;
  safeParse(value: unknown): { readonly success: boolean; readonly data?: T; readonly error?: unknown };
}

/** Pairs as those of URLSearchParams. */
export type Pairs = Iterable<readonly [string, string]>;
/** A query by its fields, or as somebody has it already. */
export type Query<Fields> = Fields | Pairs;

/** Nobody changes it on its way. */
export type Sent<T> = T extends readonly (infer Each)[]
  ? readonly Sent<Each>[]
  : T extends object
    ? { readonly [Key in keyof T]: Sent<T[Key]> }
    : T;

/** Tags of HTTP for what has revisions. */
export type Matching =
  /** The revision that the change was made from; `*`: whichever it is now. */
  | { readonly ifMatch: number | '*'; readonly ifNoneMatch?: never }
  /** It must be new. */
  | { readonly ifMatch?: never; readonly ifNoneMatch: '*' };

export interface CallParts {
  readonly query?: object;
  readonly body?: unknown;
  readonly matching?: Matching;
  readonly isCommand?: true;
}

export function apiCall<T>(method: ApiMethod, path: string, answer: AnswerSchema<T>, parts: CallParts = {}): ApiCall<T> {
  const { query = {}, body, matching = {}, isCommand = false } = parts;
  return {
    ...{ method, path: addressOf(path, query), headers: headersOf(matching), isCommand, answer },
    ...(body === undefined ? {} : { body }),
  };
}

/** A part of an address. */
export const segment = (text: string | number): string => encodeURIComponent(text);

/** With the query; fields that are undefined are not asked for, of an array each is. */
export function addressOf(path: string, query: object): string {
  const pairs = Symbol.iterator in query ? [...(query as Pairs)] : Object.entries(query).flatMap(pairsOf);
  const text = pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  return text === '' ? path : `${path}?${text}`;
}

const pairsOf = ([name, value]: readonly [string, unknown]): readonly (readonly [string, string])[] =>
  [value].flat().flatMap((each) => (each === undefined || each === null ? [] : [[name, String(each)] as const]));

function headersOf({ ifMatch, ifNoneMatch }: Partial<Matching>): Readonly<Record<string, string>> {
  return {
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch === '*' ? '*' : `"${ifMatch}"` }),
    ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
  };
}

/** An answer whose form nobody promised. */
export const ANYTHING: AnswerSchema<unknown> = {
  parse: (value) => value,
  safeParse: (value) => ({ success: true, data: value }),
};

/** Whether it is a command that takes an Idempotency-Key. @param paths `COMMAND_PATHS` @param path with or without a query */
export function isCommandOf(paths: readonly string[], method: string, path: string): boolean {
  const parts = path.split('?', 1)[0]!.split('/');
  const fits = (pattern: string) => {
    const wanted = pattern.split('/');
    return wanted.length === parts.length && wanted.every((part, at) => part === '{}' || part === parts[at]);
  };
  return method === 'POST' && paths.some(fits);
}

/**
 * Where managers of before there was all of it under `/api/v1` have it; null: it was there already. None of these addresses names one
 * thing of many: a 404 says that the manager does not know the route.
 */
export const formerAddress = (path: string): string | null =>
  /^\/api\/v1\/(?:cluster(?!\/(?:lag|take-overs|fence))|messages|ingest|login|logout|me|password)(?:[/?]|$)/.test(path)
    ? path.replace('/api/v1/', '/api/')
    : null;
