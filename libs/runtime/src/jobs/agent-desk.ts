import { YosugaraError } from '@yosugara/kernel';
import { newsReader, refOf } from './agent-news.js';
import type { AgentDesk, AgentHello } from './agent-ports.js';
import type { JobDoor, JobLoopOptions } from './job-loop.js';
import { needsOf } from './job-starts.js';
import type { JobWork } from './job-work.js';

/** Whoever said hello is let in within so long, or never. */
const NEWCOMER_MS = 10_000;
const MOST_HEARD = 50_000;

interface Answer {
  readonly go: boolean;
  readonly why: string;
}

export interface Desk extends AgentDesk {
  /** It was just let in: what waits for it is said to it. Neither throws nor waits. */
  welcomed(agent: string): void;
  /** Of a start check, once it is committed. */
  answer(run: string, nonce: string, answer: Answer): void;
  /** Those that said hello and are not let in yet. */
  readonly hasNewcomers: boolean;
  /** Who of them is in by now. */
  letIn(work: JobWork): void;
  /** Now and then: who was in before this memory was read. */
  look(work: JobWork): void;
}

type DeskOptions = Pick<JobLoopOptions, 'rules' | 'links' | 'clock' | 'log'>;

/** What agents say, as inputs of the loop's next turn. */
export function agentDesk(door: JobDoor, { rules, links, clock, log }: DeskOptions, tellTasks: (agent: string) => void): Desk {
  /** As they said last. */
  const hellos = new Map<string, AgentHello>();
  const newcomers = new Map<string, number>();
  const answers = new Map<string, Answer>();
  const reader = newsReader({ rules, clock, log });

  const arrive = (agent: string, work: JobWork) => {
    newcomers.delete(agent);
    work.greet(agent);
    tellTasks(agent);
    const spool = hellos.get(agent)?.spool;
    if (spool === undefined) return;
    for (const session of work.sessions.onNode(agent))
      work.heard.push({ session, input: { kind: 'agent-here', facility: agent, spool } });
    door.poke();
  };

  return {
    get hasNewcomers() {
      return newcomers.size > 0;
    },
    hello: async (hello) => {
      const { agent, spool } = hello;
      const work = await door.work().catch(() => null);
      if (work === null) return { refused: 'busy', why: 'this manager has just become the Master and is not ready yet' };
      if (!rules().isNode(agent)) return { refused: 'unknown-agent', why: `${agent} is no node that is registered and enabled` };
      hellos.set(agent, hello);
      newcomers.set(agent, clock.monotonicMs());
      door.poke();
      return { committed: work.spool(agent, spool) };
    },
    welcomed: (agent) => {
      door.work().then(
        (work) => arrive(agent, work),
        () => undefined,
      );
    },
    news: async (agent, spool, first, news) =>
      await door.submit({
        weight: news.length,
        needs: (work) => reader.startsOf(work, agent, news).map(needsOf),
        run: (turn, work) => {
          const key = `${agent}\0${spool}`;
          const committed = turn.spools.get(key)?.number ?? work.spool(agent, spool);
          for (const [at, each] of news.entries())
            if (first + at > committed) reader.hear(turn, work, { agent, spool, number: first + at, news: each });
          const newest = Math.max(committed, first + news.length - 1);
          if (newest > committed) turn.spools.set(key, { agent, spool, number: newest });
          return newest;
        },
      }),
    startCheck: async (agent, { run, epoch, nonce }) => {
      const key = `${run}\0${nonce}`;
      const ref = refOf(run, agent);
      const spool = hellos.get(agent)?.spool;
      if (ref === null || spool === undefined) return { go: false, why: `The run ${run} is none of the node ${agent}.` };
      try {
        const isKnown = await door.submit({
          weight: 1,
          run: (turn) => {
            turn.mustCommit = true;
            const { session, ...of } = ref;
            return turn.hear(session, { kind: 'start-check', ...of, spool, epoch, nonce });
          },
        });
        if (!door.isPermitted()) throw new YosugaraError('NOT_SERVING', 'this node ceased to serve before it could answer');
        const answer = answers.get(key);
        if (!isKnown) return { go: false, why: 'There is no such session, or it is over.' };
        return answer ?? { go: false, why: 'This run is not one that may start now.' };
      } finally {
        answers.delete(key);
      }
    },
    heard: (agent, { run, ...saying }) => {
      const ref = refOf(run, agent);
      const spool = hellos.get(agent)?.spool;
      if (ref === null || spool === undefined) return;
      const { session, ...of } = ref;
      const state = saying.say === 'taken' ? 'taken' : saying.state;
      door.work().then(
        (work) => {
          // What is passed over is asked again a minute later.
          if (work.heard.length < MOST_HEARD) work.heard.push({ session, input: { kind: 'run-state', ...of, spool, state } });
          door.poke();
        },
        () => undefined,
      );
    },
    gone: (agent) => {
      newcomers.delete(agent);
    },
    answer: (run, nonce, answer) => void answers.set(`${run}\0${nonce}`, answer),
    letIn: (work) => {
      const nowMs = clock.monotonicMs();
      for (const [agent, sinceMs] of newcomers)
        if (links.isConnected(agent)) arrive(agent, work);
        else if (nowMs - sinceMs > NEWCOMER_MS) newcomers.delete(agent);
    },
    look: (work) => {
      for (const agent of work.takeUnheard(links.connected())) arrive(agent, work);
    },
  };
}
