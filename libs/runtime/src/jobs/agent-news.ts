import { explain } from '@yosugara/kernel';
import { type FileSeen, partsOfTask, type Result, type RunRef, resultId } from '@yosugara/operations';
import { type AgentNews, partsOfRun } from '@yosugara/protocol';
import type { JobLoopOptions } from './job-loop.js';
import { seenFile, startSession } from './job-starts.js';
import type { JobTurn } from './job-turn.js';
import type { JobWork } from './job-work.js';
import type { StartRequest } from './ports.js';

/** One piece of news, and where it stands in what its agent tells. */
export interface NewsAt {
  readonly agent: string;
  readonly spool: string;
  readonly number: number;
  readonly news: AgentNews;
}

export interface NewsReader {
  /** The sessions that some of it begins. */
  startsOf(
    work: JobWork,
    agent: string,
    news: readonly AgentNews[],
  ): readonly (StartRequest & { readonly scheduledAtMs: number })[];
  /** Never throws: it would come again and again, and nothing after it would be stored. */
  hear(turn: JobTurn, work: JobWork, of: NewsAt): void;
}

/** What agents tell, as inputs of sessions, results and samples of the turn that stores it. */
export function newsReader({ rules, clock, log }: Pick<JobLoopOptions, 'rules' | 'clock' | 'log'>): NewsReader {
  return { startsOf, hear };

  function startsOf(
    work: JobWork,
    agent: string,
    news: readonly AgentNews[],
  ): readonly (StartRequest & { readonly scheduledAtMs: number })[] {
    return news.flatMap((each) => {
      const found = each.kind === 'file' ? ofFile(work, agent, each) : null;
      return found !== null && 'request' in found ? [found.request] : [];
    });
  }

  function ofFile(work: JobWork, agent: string, seen: FileSeen) {
    const task = partsOfTask(seen.task);
    if (task?.kind !== 'trigger') return null;
    return seenFile(work, rules(), rules().trigger(task.id), agent, seen, Math.floor(clock.wallMs()));
  }

  function hear(turn: JobTurn, work: JobWork, of: NewsAt): void {
    const { agent, news } = of;
    try {
      switch (news.kind) {
        case 'run-started':
          return hearRun(turn, agent, news.run, (ref) => ({ kind: 'run-started', ...ref, atMs: news.atMs }));
        case 'run-ended':
          return hearRun(turn, agent, news.end.run, (ref) => ({ kind: 'run-ended', ...ref, end: news.end }));
        case 'run-refused':
          turn.refused++;
          log.warn('jobs.refused', { agent, run: news.run, epoch: news.epoch, highestEpoch: news.highestEpoch });
          return hearRun(turn, agent, news.run, (ref) => ({ kind: 'run-refused', ...ref, why: news.why }));
        case 'lines':
        case 'custom':
          return void turn.samples.push(...rules().samplesOfNews(of));
        case 'file':
          return hearFile(turn, work, agent, news);
        case 'trouble':
          return void turn.results.push(troubleOf(of, news.code, news.message, news.atMs));
      }
    } catch (error) {
      log.error('jobs.news', { agent, kind: news.kind, why: explain(error) });
      const message = `What the agent of ${agent} told (${news.kind}) could not be dealt with: ${explain(error)}.`;
      turn.results.push(troubleOf(of, 'NEWS', message, clock.wallMs()));
    }
  }

  function hearRun(turn: JobTurn, agent: string, run: string, inputOf: (ref: RunRef) => Parameters<JobTurn['hear']>[1]): void {
    const found = refOf(run, agent);
    if (found === null) return;
    const { session, ...ref } = found;
    turn.hear(session, inputOf(ref));
  }

  function hearFile(turn: JobTurn, work: JobWork, agent: string, seen: FileSeen): void {
    const ref = seen.task.startsWith('job/') ? refOf(seen.task.slice(4), agent) : null;
    if (ref !== null) {
      const { directory, name, sizeBytes, modifiedAtMs } = seen;
      const { session, ...of } = ref;
      turn.hear(session, { kind: 'file-seen', ...of, directory, name, sizeBytes, modifiedAtMs });
      return;
    }
    const found = ofFile(work, agent, seen);
    if (found === null) return;
    if ('carry' in found) {
      turn.marks.push(found.carry);
      work.marks.set(found.carry.trigger, found.carry);
    } else startSession(work, turn, rules(), found.request);
  }
}

/** An agent speaks for its own node only. */
export function refOf(run: string, agent: string): (RunRef & { readonly session: string }) | null {
  const parts = partsOfRun(run);
  if (parts === null || parts.facility !== agent) return null;
  const { session, job, facility, attempt } = parts;
  return { session, job, facility, attempt };
}

const troubleOf = ({ agent, spool, number }: NewsAt, code: string, message: string, atMs: number): Result => ({
  ...{ id: resultId('AGENT', agent, '', code, `${spool}:${number}`), trigger: 'internal', plugin: 'internal' },
  ...{ monitor: 'INTERNAL', facility: agent, sender: null, item: '', sub: 'agent_trouble', priority: 'warning' },
  ...{ application: 'yosugara', message, original: code, atMs, notifications: [] },
});
