import type { TLSSocket } from 'node:tls';
import { AwakeTimer, YosugaraError } from '@yosugara/kernel';
import {
  AGENT_INVENTORY_ALPN,
  AGENT_PING_MS,
  AGENT_SILENCE_MS,
  AGENT_TRUST_ALPN,
  type FromAgent,
  FromAgentSchema,
  MAX_AGENT_LINE_BYTES,
  type ToAgent,
} from '@yosugara/protocol';
import type { AgentHello } from '@yosugara/runtime';
import type { AgentLimits } from './limits.js';
import { LineFramer } from './lines.js';

/** Whoever has not said who it is has little to say. */
const FIRST_LINE_BYTES = 65_536;
const PING = '{"say":"ping"}';

/** Nobody answers any more. */
export class AgentAwayError extends YosugaraError {
  override readonly name = 'AgentAwayError';
  constructor(message: string) {
    super('AGENT_AWAY', message);
  }
}

/** By what was agreed on in the handshake. */
export const wordsOf = (agreed: string | false | null): Pick<AgentLink, 'hearsTrust' | 'hearsInventory'> => ({
  hearsTrust: agreed === AGENT_TRUST_ALPN || agreed === AGENT_INVENTORY_ALPN,
  hearsInventory: agreed === AGENT_INVENTORY_ALPN,
});

type GoAway = Extract<ToAgent, { say: 'go-away' }>;
type Answer = Extract<FromAgent, { say: 'measured' | 'inventoried' | 'file-answer' }>;

interface Question {
  readonly say: Answer['say'];
  readonly answered: (answer: Answer) => void;
  readonly failed: (error: Error) => void;
}

export interface LinkEvents {
  /** Not called any more once it is closed. */
  readonly onSaid: (said: FromAgent, bytes: number) => void;
  readonly onClose: () => void;
  /** Something that is not in the protocol. It is closed. */
  readonly onNonsense: (why: string) => void;
}

/** One agent's connection: lines with a bound both ways, pings, and questions that are answered. */
export class AgentLink {
  readonly agent: string;
  /** SHA-256 of its certificate, in hexadecimal. */
  readonly fingerprint: string;
  readonly address: string;
  /** ISO 8601. */
  readonly certificateEnds: string;
  /** It knows what `trust` is. */
  readonly hearsTrust: boolean;
  /** It knows what `inventory` is. */
  readonly hearsInventory: boolean;
  hello: AgentHello | null = null;
  readonly #socket: TLSSocket;
  readonly #limits: AgentLimits;
  readonly #events: LinkEvents;
  readonly #framer: LineFramer;
  readonly #questions = new Map<number, Question>();
  #nextQuestion = 1;
  #heardAtMs = performance.now();
  #saidAtMs = performance.now();
  #flushedAtMs = performance.now();
  #unflushed = 0;
  #isClosed = false;
  #isEnding = false;
  #isPaused = false;
  #pendingBytes = 0;
  #chain: Promise<void> = Promise.resolve();

  constructor(
    socket: TLSSocket,
    who: Pick<AgentLink, 'agent' | 'fingerprint' | 'address' | 'certificateEnds' | 'hearsTrust' | 'hearsInventory'>,
    limits: AgentLimits,
    events: LinkEvents,
  ) {
    this.#socket = socket;
    this.agent = who.agent;
    this.fingerprint = who.fingerprint;
    this.address = who.address;
    this.certificateEnds = who.certificateEnds;
    this.hearsTrust = who.hearsTrust;
    this.hearsInventory = who.hearsInventory;
    this.#limits = limits;
    this.#events = events;
    this.#framer = new LineFramer(() => (this.hello === null ? FIRST_LINE_BYTES : MAX_AGENT_LINE_BYTES));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => this.#onClose());
    // Half-open connections are nobody's: who says nothing more is gone.
    socket.once('end', () => this.cut());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }
  /** By `performance.now()`. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }
  get questions(): number {
    return this.#questions.size;
  }

  /** Never waits. @returns false: it is closed, or has not taken what was said before. */
  send(message: ToAgent): boolean {
    return this.#write(JSON.stringify(message));
  }

  /** What is said here is dealt with in order: what comes while `work` goes on waits, and beyond a bound it is not even read. */
  inOrder(bytes: number, work: () => Promise<void>): void {
    this.#pendingBytes += bytes;
    if (this.#pendingBytes > this.#limits.pendingBytes) this.#pause();
    this.#chain = this.#chain.then(async () => {
      try {
        if (!this.#isClosed) await work();
      } finally {
        this.#pendingBytes -= bytes;
        if (this.#pendingBytes <= this.#limits.pendingBytes / 2) this.#resume();
      }
    });
    // `work` says itself what went wrong.
    this.#chain = this.#chain.catch(() => undefined);
  }

  /** @param ask makes the question of its number. @throws AgentAwayError */
  async ask<Say extends Answer['say']>(
    say: Say,
    ask: (id: number) => ToAgent,
    deadlineMs: number,
    signal?: AbortSignal,
  ): Promise<Extract<Answer, { say: Say }>> {
    if (this.#questions.size >= this.#limits.questions)
      throw new AgentAwayError(`the agent of ${this.agent} has ${this.#questions.size} questions to answer: it is asked no more`);
    const id = this.#nextQuestion++;
    let timer: AwakeTimer | undefined;
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise((answered, failed) => {
        const fail = (why: string) => failed(new AgentAwayError(why));
        this.#questions.set(id, { say, answered: answered as (answer: Answer) => void, failed });
        timer = new AwakeTimer(deadlineMs, () =>
          fail(`the agent of ${this.agent} did not answer within ${Math.round(deadlineMs)} ms`),
        );
        onAbort = () => fail('stopped');
        signal?.addEventListener('abort', onAbort);
        if (signal?.aborted === true) onAbort();
        if (!this.send(ask(id))) fail(`the agent of ${this.agent} takes nothing more just now`);
      });
    } finally {
      timer?.stop();
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
      this.#questions.delete(id);
    }
  }

  /** @returns false: nobody waits for it. */
  answered(answer: Answer): boolean {
    const question = this.#questions.get(answer.id);
    if (question?.say !== answer.say) return false;
    question.answered(answer);
    return true;
  }

  /** Says why, and closes; who does not take it is cut a moment later. */
  goAway(code: GoAway['code'], why: string, master: string | null = null): void {
    if (this.#isClosed || this.#isEnding) return;
    this.send({ say: 'go-away', code, why: why.slice(0, 1_024), master });
    this.#isEnding = true;
    this.#socket.end();
    this.#resume();
    setTimeout(() => this.cut(), 1_000).unref();
  }

  cut(): void {
    this.#socket.destroy();
  }

  /** Every half second or so. @param isLate the timer was late: nothing could be heard, and that is nobody's silence. */
  look(nowMs: number, isLate: boolean): void {
    if (this.#isClosed) return;
    if (isLate) {
      this.#heardAtMs = Math.max(this.#heardAtMs, nowMs - AGENT_SILENCE_MS / 2);
      this.#flushedAtMs = nowMs;
    }
    const isSilent = !this.#isPaused && nowMs - this.#heardAtMs > AGENT_SILENCE_MS;
    const isStuck = this.#unflushed > 0 && nowMs - this.#flushedAtMs > this.#limits.stuckMs;
    if (isSilent || isStuck) this.cut();
    else if (this.#unflushed === 0 && nowMs - this.#saidAtMs >= AGENT_PING_MS / 2) this.#write(PING);
  }

  #write(line: string): boolean {
    if (this.#isClosed || this.#isEnding || this.#socket.writableLength + line.length > this.#limits.queuedBytes) return false;
    if (this.#unflushed === 0) this.#flushedAtMs = performance.now();
    this.#unflushed++;
    this.#saidAtMs = performance.now();
    this.#socket.write(`${line}\n`, () => {
      this.#unflushed--;
      this.#flushedAtMs = performance.now();
    });
    return true;
  }

  #onData(chunk: Buffer): void {
    this.#heardAtMs = performance.now();
    if (this.#isEnding) return;
    const lines = this.#framer.push(chunk);
    if (lines === null) return this.#events.onNonsense('a line without end');
    for (const line of lines) {
      if (this.#isClosed || this.#isEnding) return;
      if (line === PING) continue;
      const said = FromAgentSchema.safeParse(jsonOf(line));
      if (!said.success) return this.#events.onNonsense(said.error.issues[0]?.message ?? 'no message');
      this.#events.onSaid(said.data, line.length);
    }
  }

  #onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { failed } of this.#questions.values())
      failed(new AgentAwayError(`the connection to the agent of ${this.agent} ended before it answered`));
    this.#events.onClose();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#heardAtMs = performance.now();
    this.#socket.resume();
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
