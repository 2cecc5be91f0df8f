import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import { type NodeRun, operationsFor } from '@yosugara/operations';
import {
  type JobHistory,
  JobHistorySchema,
  type JobOperate,
  JobOperatedSchema,
  JobOperateSchema,
  type JobRunDetail,
  JobRunDetailSchema,
  type JobSessionDetail,
  JobSessionDetailSchema,
  type JobSessions,
  JobSessionsSchema,
} from '@yosugara/protocol';
import type { JobReports } from '@yosugara/runtime';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { ownersOf } from '../access/seen.js';
import { forbidden } from '../auth/gate.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive, personOf } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { Command, keeping } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import type { Lifecycle } from '../lifecycle.js';
import { auditDone } from '../store/audit-done.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, LIFECYCLE, LOG, SETTINGS, STORE } from '../tokens.js';
import { JobsHandle } from './jobs-handle.js';
import { mayAnswer } from './may-answer.js';
import { SessionsQuerySchema, sessionQuery } from './query.js';
import { iso, isoOrNull, jobView, sessionDetail, sessionView } from './views.js';

const HistoryQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('number of the last line of the page before'),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});
const JobQuery = z.strictObject({ job: z.string().min(1).max(4_096).describe('of a reference: REFERENCE/ID') });

type StoredSession = NonNullable<Awaited<ReturnType<JobReports['session']>>>;

/** Runs of job units. */
@ApiTags('jobs')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/job-sessions')
export class JobSessionsController {
  constructor(
    @Inject(JobsHandle) private readonly jobs: JobsHandle,
    @Inject(STORE) private readonly store: Pick<ManagerStore, 'audit'>,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Newest first; on a Standby as far as it has replayed. */
  @Get()
  @Needs('job', 'read')
  @ApiOkResponse({ standardSchema: JobSessionsSchema })
  async list(
    @Asker() { rights }: Identity,
    @Query({ schema: SessionsQuerySchema }) query: z.infer<typeof SessionsQuerySchema>,
  ): Promise<JobSessions> {
    const { rows, next } = await this.jobs.tables.sessions({
      ...sessionQuery(query, this.clock.wallMs()),
      ...ownersOf(rights),
    });
    return { rows: rows.map(sessionView), next };
  }

  /** With all its jobs: how they are, why, and what may be done with them. */
  @Get(':id')
  @Needs('job', 'read')
  @ApiOkResponse({ standardSchema: JobSessionDetailSchema })
  async show(@Asker() asker: Identity, @Param('id') id: string): Promise<JobSessionDetail> {
    const session = await this.#session(id, asker);
    return sessionDetail(session, session.jobs, await this.jobs.unit(session.unit, session.revision));
  }

  /** One job of it with its nodes, and what they wrote. */
  @Get(':id/job')
  @Needs('job', 'read')
  @ApiOkResponse({ standardSchema: JobRunDetailSchema })
  async job(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Query({ schema: JobQuery }) { job }: z.infer<typeof JobQuery>,
  ): Promise<JobRunDetail> {
    const session = await this.#session(id, asker);
    const run = session.jobs.find((each) => each.job === job);
    if (run === undefined) throw new ApiRefusal(404, 'NOT_FOUND', `session ${id} has no job ${job}`, 'job');
    const unit = await this.jobs.unit(session.unit, session.revision);
    const outputs = await this.jobs.tables.outputs(id, job);
    return {
      ...jobView(run, unit, (other) => session.jobs.some((each) => each.job === other)),
      ...{ session: id, runs: run.nodes.map(nodeView) },
      outputs: outputs.map(({ facility, attempt, atMs, stdout, stderr, stdoutBytes, stderrBytes }) => ({
        ...{ facility, attempt, at: iso(atMs), stdout, stderr, stdoutBytes, stderrBytes },
      })),
    };
  }

  /** All that became of it, oldest first. */
  @Get(':id/history')
  @Needs('job', 'read')
  @ApiOkResponse({ standardSchema: JobHistorySchema })
  async history(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Query({ schema: HistoryQuery }) { after, limit }: z.infer<typeof HistoryQuery>,
  ): Promise<JobHistory> {
    await this.#session(id, asker);
    const found = await this.jobs.tables.history(id, after, limit);
    return {
      lines: found.map(({ number, atMs, job, facility, from, to, who, text }) => ({
        ...{ number, at: iso(atMs), job, facility, from, to, by: who, text },
      })),
      next: found.length < limit ? null : (found.at(-1)?.number ?? null),
    };
  }

  /** Does something with it, with one of its jobs, or with one node of a job; 409 with the reason where that is not possible now. */
  @Post(':id/operations')
  @Refuses('REFUSED', 'NOT_SERVING', 'JOBS_BUSY')
  @Command()
  @Needs('job', 'execute', 'approve')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: JobOperatedSchema })
  async operate(
    @Param('id') session: string,
    @Asker() asker: Identity,
    @Body({ schema: JobOperateSchema }) { by: says, ...wish }: JobOperate,
  ): Promise<{ done: true }> {
    const { epoch } = this.lifecycle.demandWritable();
    const by = personOf(asker, says);
    const isAnswer = wish.operation === 'approve' || wish.operation === 'deny';
    if (!asker.rights.may('job', isAnswer ? 'approve' : 'execute'))
      throw forbidden(`job: ${isAnswer ? 'approve' : 'execute'}`, asker.login);
    if (isAnswer) await this.#mustBeAsked(session, wish.job, asker, by);
    else await this.#mustReach(session, asker);
    const answer = await this.jobs.control.operate(
      { session, ...wish, by },
      keeping(({ kind }) => (kind === 'done' ? { done: true } : null)),
    );
    if (answer.kind === 'unknown') throw unknownPart(session, wish, answer.what);
    if (answer.kind === 'refused') {
      const instead = answer.allowed.length === 0 ? '' : ` Possible now: ${answer.allowed.join(', ')}.`;
      throw new ApiRefusal(409, 'REFUSED', `${answer.why}${instead}`, 'operation');
    }
    const entry = { login: by, action: 'job.operate', detail: { session, ...wish }, node: this.settings.node, epoch };
    await auditDone(this.store, this.authority, entry, (error) => this.log.warn('jobs.notAudited', { why: explain(error) }));
    return { done: true };
  }

  async #session(id: string, { rights }: Identity): Promise<StoredSession> {
    const found = await this.jobs.tables.session(id);
    if (found === null || !rights.reaches(found.ownerRole, 'read'))
      throw new ApiRefusal(404, 'NOT_FOUND', `there is no session ${id}`, 'session');
    return found;
  }

  async #mustReach(id: string, asker: Identity): Promise<void> {
    if (asker.rights.owners('execute') === null) return;
    const { ownerRole } = await this.#session(id, asker);
    if (!asker.rights.reaches(ownerRole, 'execute')) throw forbidden(`a role that executes what ${ownerRole} owns`, asker.login);
  }

  /** An approval is asked of a role, or of one user of it. */
  async #mustBeAsked(id: string, job: string | null, asker: Identity, by: string): Promise<void> {
    const found = await this.jobs.tables.session(id);
    // That it is asked of them is known to whoever it is asked of, whosever the job is.
    if (found === null) throw new ApiRefusal(404, 'NOT_FOUND', `there is no session ${id}`, 'session');
    const { unit, revision, ownerRole } = found;
    const body = job === null ? undefined : (await this.jobs.unit(unit, revision))?.jobs.get(job)?.body;
    // Of what is none the engine says why not.
    if (body?.type !== 'approval') return await this.#mustReach(id, asker);
    const why = mayAnswer(body, asker, by);
    if (why !== null && !asker.rights.reaches(ownerRole, 'read'))
      throw new ApiRefusal(404, 'NOT_FOUND', `there is no session ${id}`, 'session');
    if (why !== null) throw new ApiRefusal(403, 'FORBIDDEN', why);
  }
}

const nodeView = (node: NodeRun): JobRunDetail['runs'][number] => ({
  ...{ facility: node.facility, attempt: node.attempt, state: node.state, returnValue: node.returnValue },
  ...{ startedAt: isoOrNull(node.startedAtMs), endedAt: isoOrNull(node.endedAtMs), claimedAt: isoOrNull(node.claimedAtMs) },
  ...{ epoch: node.epoch, message: node.message, asked: node.asked, operations: [...operationsFor('node', node.state)] },
});

function unknownPart(
  session: string,
  { job, facility }: { readonly job: string | null; readonly facility: string | null },
  what: 'session' | 'job' | 'node',
): ApiRefusal {
  const says = {
    session: `there is no session ${session}`,
    job: `session ${session} has no job ${job ?? ''}`,
    node: `job ${job ?? ''} of session ${session} does not run on ${facility ?? ''}`,
  };
  return new ApiRefusal(404, 'NOT_FOUND', says[what], what === 'node' ? 'facility' : what);
}
