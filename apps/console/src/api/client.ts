import { YosugaraError } from '@yosugara/kernel';
import {
  type Capacity,
  type CommandAnswer,
  type LoginWays,
  type Me as MeAnswer,
  type Messages,
  MessagesSchema,
  type MibDetail,
  type MibList,
  type MibUploaded,
  type Overview,
  type RecoverPlan,
  RecoverPlanSchema,
  type SelfView,
  type Status,
  StatusSchema,
} from '@yosugara/protocol';
import {
  type ApiCall,
  authLogin,
  authLogout,
  authMe,
  authPassword,
  authWays,
  capacityShow,
  clusterRecover,
  clusterStatus,
  clusterSwitchover,
  ingestSources,
  ingestSummary,
  messagesMessages,
  mibsList,
  mibsRemove,
  mibsShow,
  mibsUpload,
  overviewShow,
  selfShow,
} from '@yosugara/protocol/api';
import { untilDone } from './commands.js';

export type Me = MeAnswer;

/** The manager answered, and said no. `status` is the HTTP status. */
export class ApiError extends YosugaraError {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Each mistake of what was sent, where the manager named them. */
  readonly problems: readonly Problem[];
  constructor(status: number, code: string, message: string, problems: readonly Problem[] = []) {
    super(code, message);
    this.status = status;
    this.problems = problems;
  }
}

/** Where something is wrong, such as `body.check.url`, what was found there and what is allowed. */
export interface Problem {
  readonly place: string;
  readonly found: string;
  readonly allowed: string;
}

/** Nobody answered in time, or the answer was cut. During a take-over this is expected and passes. */
export class UnreachableError extends YosugaraError {
  override readonly name = 'UnreachableError';
  constructor(path: string, cause: unknown) {
    super('UNREACHABLE', `${path}: no answer from the manager`, { cause });
  }
}

const DEADLINE_MS = 8_000;

/** Server's wall clock minus ours, ms, from the Date header (whole seconds): 0 unless they clearly differ. */
let skewMs = 0;
export const serverNowMs = (): number => Date.now() + skewMs;

function noteDate(header: string | null): void {
  const at = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(at)) return;
  const difference = at + 500 - Date.now();
  skewMs = Math.abs(difference) < 2_500 ? 0 : difference;
}

/** Asked before whoever wants the answer is there; the first of them by `early.js`, which the browser has long before this program. */
const begun = new Map<string, Promise<Response | null>>();

declare global {
  var yosugaraBegun: Record<string, Promise<Response | null>> | undefined;
}

/** What the first page will ask is asked while its program is still being read; each answer is taken once. */
export function begin(...paths: readonly string[]): void {
  for (const path of paths) begun.set(path, globalThis.yosugaraBegun?.[path] ?? fetch(path, plainGet()).catch(() => null));
  globalThis.yosugaraBegun = undefined;
}

const plainGet = (): RequestInit => ({
  ...{ method: 'GET', headers: { accept: 'application/json' }, credentials: 'same-origin', cache: 'no-store' },
  signal: AbortSignal.timeout(DEADLINE_MS),
});

/** @returns null: nobody asked, or it was refused, as before a login: whoever wants it asks himself. */
async function begunAnswer(method: string, path: string): Promise<Response | null> {
  const answer = method === 'GET' ? await begun.get(path) : null;
  begun.delete(path);
  return answer?.ok ? answer : null;
}

interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number;
}

interface CallOptions extends SendOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

function errorOf(status: number, body: unknown): ApiError {
  const said = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const code = typeof said['code'] === 'string' ? said['code'] : `HTTP_${status}`;
  const message = typeof said['message'] === 'string' ? said['message'] : `the manager answered ${status}`;
  return new ApiError(status, code, message, Array.isArray(said['problems']) ? (said['problems'] as Problem[]) : []);
}

/**
 * One call of the manager's API. Same origin; the session is a cookie.
 * @throws ApiError — the manager refused; UnreachableError — no whole answer within the deadline.
 */
export async function call(path: string, options: CallOptions = {}): Promise<unknown> {
  const deadline = AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS);
  const method = options.method ?? 'GET';
  // The header tells our own page from a foreign form: a form of another site cannot set it.
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (method !== 'GET') headers['x-yosugara'] = '1';
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  let text: string;
  try {
    const asked = () =>
      fetch(path, {
        ...{ method, headers, credentials: 'same-origin', cache: 'no-store' },
        signal: options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]),
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      });
    response = (await begunAnswer(method, path)) ?? (await asked());
    text = await response.text();
  } catch (cause) {
    throw new UnreachableError(path, cause);
  }
  noteDate(response.headers.get('date'));
  const body = parseJson(text);
  if (!response.ok) throw errorOf(response.status, body);
  return body;
}

function parseJson(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Decoding validates: a page must not be drawn from half an answer. */
export function decode<T>(
  path: string,
  schema: { safeParse(value: unknown): { success: boolean; data?: T; error?: unknown } },
  value: unknown,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success && parsed.data !== undefined) return parsed.data;
  throw new YosugaraError('BAD_ANSWER', `${path}: the manager's answer has another form than this console knows`, {
    cause: parsed.error,
  });
}

/**
 * One call of the generated client. A command has a key under which it is done once, and is sent again over a take-over.
 * @throws ApiError — the manager refused; UnreachableError; YosugaraError BAD_ANSWER
 */
export async function send<T>(
  { method, path, body, headers, isCommand, answer }: ApiCall<T>,
  options: SendOptions = {},
): Promise<T> {
  const sendOnce = async (more: Readonly<Record<string, string>>) =>
    await call(path, { ...options, method, headers: { ...headers, ...more }, ...(body === undefined ? {} : { body }) });
  const wish = `${method} ${path} ${JSON.stringify(body) ?? ''}`;
  const said = isCommand ? await untilDone(wish, sendOnce, isOfTakeOver, options.signal) : await sendOnce({});
  return decode(path.split('?', 1)[0]!, answer, said);
}

export const decodeStatus = (value: unknown): Status => decode('cluster', StatusSchema, value);
export const decodeMessages = (value: unknown): Messages => decode('messages', MessagesSchema, value);

/** A command is answered `{ok, message, …}`: a refusal of the cluster's is no HTTP error, but one for the operator. */
export function accepted(answer: CommandAnswer): CommandAnswer {
  if (answer.ok) return answer;
  throw new ApiError(409, 'REFUSED', answer.message);
}

export interface RecoverAnswer {
  readonly message: string;
  /** Of a dry run, where the cluster told it as data. */
  readonly plan: RecoverPlan | null;
}

const recovered = (answer: CommandAnswer): RecoverAnswer => ({
  message: answer.message,
  plan: RecoverPlanSchema.safeParse(answer['plan']).data ?? null,
});

/** A query that a page has as text already. */
export const asked = (query: string): URLSearchParams => new URLSearchParams(query);

export const api = {
  me: async (signal?: AbortSignal, deadlineMs?: number): Promise<Me> =>
    await send(authMe(), { signal, ...(deadlineMs === undefined ? {} : { deadlineMs }) }),
  /** @param code of the second factor, where it was asked for (401 TOTP_REQUIRED). */
  login: async (login: string, password: string, code?: string) =>
    await send(authLogin({ login, password, ...(code === undefined ? {} : { code }) })),
  loginWays: async (signal?: AbortSignal): Promise<LoginWays> => await send(authWays(), { signal }),
  capacity: async (signal?: AbortSignal): Promise<Capacity> => await send(capacityShow(), { signal, deadlineMs: 15_000 }),
  self: async (signal?: AbortSignal): Promise<SelfView> => await send(selfShow(), { signal }),
  overview: async (signal?: AbortSignal): Promise<Overview> => await send(overviewShow(), { signal, deadlineMs: 15_000 }),
  logout: async () => await send(authLogout()),
  changePassword: async (current: string, next: string) => await send(authPassword({ current, next })),
  cluster: async (signal?: AbortSignal) => await send(clusterStatus(), { signal, deadlineMs: 4_000 }),
  messages: async (query: string, signal?: AbortSignal) =>
    await send(messagesMessages(asked(query)), { signal, deadlineMs: 15_000 }),
  mibs: async (signal?: AbortSignal): Promise<MibList> => await send(mibsList(), { signal }),
  mib: async (name: string, signal?: AbortSignal): Promise<MibDetail> => await send(mibsShow(name), { signal }),
  uploadMibs: async (files: readonly { readonly name: string; readonly text: string }[]): Promise<MibUploaded> =>
    await send(mibsUpload({ files }), { deadlineMs: 60_000 }),
  deleteMib: async (name: string) => await send(mibsRemove(name), { deadlineMs: 60_000 }),
  ingestSummary: async (query: string, signal?: AbortSignal) =>
    await send(ingestSummary(asked(query)), { signal, deadlineMs: 15_000 }),
  ingestSources: async (query: string, signal?: AbortSignal) =>
    await send(ingestSources(asked(query)), { signal, deadlineMs: 15_000 }),
  recover: async (body: { node?: string; dryRun?: boolean; discardUnknown?: boolean }): Promise<RecoverAnswer> =>
    recovered(accepted(await send(clusterRecover(body), { deadlineMs: 15_000 }))),
  switchover: async (body: { to?: string }) => accepted(await send(clusterSwitchover(body), { deadlineMs: 30_000 })),
} as const;

/** Retry what a take-over makes fail; never what the manager refused on purpose. */
export function isPassing(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ApiError && (error.status >= 500 || error.status === 429));
}
/** Also of a proxy before the manager. What the manager failed at by itself it would fail at again. */
export const isOfTakeOver = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ApiError && error.status >= 502 && error.status <= 504);
export const isLoggedOut = (error: unknown): boolean => error instanceof ApiError && error.status === 401;
