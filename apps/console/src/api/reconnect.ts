/**
 * The live connection to the Master as a pure state machine: what happened goes in, the next state and what to do comes out.
 * No clock, no timer, no network: the driver (`link.ts`) holds those.
 *
 * A Master that lost its power closes nothing, so silence is judged: after `silenceMs` the same address is asked who it is,
 * and an answer by another node, or none, ends the connection.
 */
export interface Hello {
  readonly node: string;
  readonly epoch: number;
  /** `off`, `passive`, `gated` or `active`. */
  readonly mode: string;
}

export type LinkState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'connecting'; readonly attempt: number; readonly sinceMs: number; readonly lostAtMs: number | null }
  | { readonly kind: 'waiting'; readonly attempt: number; readonly retryAtMs: number; readonly lostAtMs: number }
  | {
      readonly kind: 'open';
      readonly attempt: number;
      readonly heardAtMs: number;
      readonly hello: Hello | null;
      readonly probeSinceMs: number | null;
      readonly lostAtMs: number | null;
    };

export type LinkEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  /** The query changed: connect anew, which is not a loss. */
  | { readonly kind: 'restart' }
  /** The browser says that the network or the page came back: do not wait for the backoff. */
  | { readonly kind: 'nudge' }
  | { readonly kind: 'opened' }
  /** Any bytes of the stream. */
  | { readonly kind: 'heard' }
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'failed' }
  /** The session is not valid. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'probed'; readonly by: { readonly node: string; readonly epoch: number } | null }
  | { readonly kind: 'tick' };

export type LinkEffect = 'open' | 'close' | 'probe';
export interface LinkStep {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

export const LINK_TIMING = {
  backoffMs: [250, 500, 1_000, 2_000],
  connectDeadlineMs: 3_000,
  /** The manager sends a comment every second. */
  silenceMs: 3_000,
  probeDeadlineMs: 1_500,
} as const;

export const IDLE: LinkState = { kind: 'idle' };

/** Wait before attempt `attempt` (0 = the first one after the loss), ms. */
export function backoffMs(attempt: number): number {
  return LINK_TIMING.backoffMs[Math.min(attempt, LINK_TIMING.backoffMs.length - 1)] ?? 2_000;
}

/** When the connection was lost; null while all is well. This is what the banner shows. */
export function lostAtMs(state: LinkState): number | null {
  return state.kind === 'connecting' || state.kind === 'waiting' || state.kind === 'open' ? state.lostAtMs : null;
}

const stay = (state: LinkState): LinkStep => ({ state, effects: [] });

function connect(attempt: number, lost: number | null, nowMs: number): LinkStep {
  return { state: { kind: 'connecting', attempt, sinceMs: nowMs, lostAtMs: lost }, effects: ['close', 'open'] };
}

/** The connection ended or never came up: wait, then try again. */
function lose(state: LinkState & { kind: 'connecting' | 'open' }, nowMs: number): LinkStep {
  const lost = state.lostAtMs ?? nowMs;
  const waiting = {
    kind: 'waiting',
    attempt: state.attempt + 1,
    retryAtMs: nowMs + backoffMs(state.attempt),
    lostAtMs: lost,
  } as const;
  return { state: waiting, effects: ['close'] };
}

function onTick(state: LinkState, nowMs: number): LinkStep {
  if (state.kind === 'waiting') return nowMs >= state.retryAtMs ? connect(state.attempt, state.lostAtMs, nowMs) : stay(state);
  if (state.kind === 'connecting')
    return nowMs - state.sinceMs >= LINK_TIMING.connectDeadlineMs ? lose(state, nowMs) : stay(state);
  if (state.kind !== 'open') return stay(state);
  if (state.probeSinceMs !== null)
    return nowMs - state.probeSinceMs >= LINK_TIMING.probeDeadlineMs ? lose(state, nowMs) : stay(state);
  if (nowMs - state.heardAtMs < LINK_TIMING.silenceMs) return stay(state);
  return { state: { ...state, probeSinceMs: nowMs }, effects: ['probe'] };
}

function onProbed(state: LinkState, by: { readonly node: string; readonly epoch: number } | null, nowMs: number): LinkStep {
  if (state.kind !== 'open' || state.probeSinceMs === null) return stay(state);
  const same = by !== null && (state.hello === null || (by.node === state.hello.node && by.epoch === state.hello.epoch));
  return same ? stay({ ...state, probeSinceMs: null, heardAtMs: nowMs }) : lose(state, nowMs);
}

/** Same inputs, same answer. `nowMs` is the driver's monotonic clock. */
export function step(state: LinkState, event: LinkEvent, nowMs: number): LinkStep {
  switch (event.kind) {
    case 'start':
      return state.kind === 'idle' || state.kind === 'refused' ? connect(0, null, nowMs) : stay(state);
    case 'stop':
      return { state: IDLE, effects: ['close'] };
    case 'restart':
      return state.kind === 'idle' || state.kind === 'refused' ? stay(state) : connect(0, lostAtMs(state), nowMs);
    case 'nudge':
      return state.kind === 'waiting' ? connect(0, state.lostAtMs, nowMs) : stay(state);
    case 'opened':
      if (state.kind !== 'connecting') return stay(state);
      // Still lost until something is heard: a proxy in between can accept without a Master behind it.
      return stay({
        kind: 'open',
        attempt: state.attempt,
        heardAtMs: nowMs,
        hello: null,
        probeSinceMs: null,
        lostAtMs: state.lostAtMs,
      });
    case 'heard':
      return state.kind === 'open' ? stay({ ...state, heardAtMs: nowMs, probeSinceMs: null }) : stay(state);
    case 'hello':
      if (state.kind !== 'open') return stay(state);
      return stay({ ...state, hello: event.hello, attempt: 0, lostAtMs: null, heardAtMs: nowMs, probeSinceMs: null });
    case 'failed':
      return state.kind === 'connecting' || state.kind === 'open' ? lose(state, nowMs) : stay(state);
    case 'refused':
      return state.kind === 'idle' ? stay(state) : { state: { kind: 'refused' }, effects: ['close'] };
    case 'probed':
      return onProbed(state, event.by, nowMs);
    case 'tick':
      return onTick(state, nowMs);
  }
}
