import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import { planOf, type SessionTrigger, variablesGiven } from '@yosugara/operations';
import {
  type JobApprovals,
  JobApprovalsSchema,
  type JobLink,
  JobLinkedSchema,
  JobLinkSchema,
  type JobLinks,
  JobLinksSchema,
  type JobPlan,
  JobPlanSchema,
  type JobPlanTried,
  JobPlanTriedSchema,
  type JobPlanTry,
  JobPlanTrySchema,
  type JobQueues,
  JobQueuesSchema,
  type JobStart,
  type JobStarted,
  JobStartedSchema,
  JobStartSchema,
  JobTriggerBodySchema,
} from '@yosugara/protocol';
import { SettingsTimes, type StartAnswer } from '@yosugara/runtime';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { forbidden } from '../auth/gate.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive, personOf } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { word } from '../events/query.js';
import { ApiRefusals, Bounded, Refuses } from '../http/api-docs.js';
import { Command, keeping, Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import type { Lifecycle } from '../lifecycle.js';
import { LiveSettings } from '../settings/live-settings.js';
import { auditDone } from '../store/audit-done.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, LIFECYCLE, LOG, SETTINGS, STORE } from '../tokens.js';
import { approvalsView } from './approvals.js';
import { JobsHandle } from './jobs-handle.js';
import { MOST_PLAN_DAYS, PlanQuerySchema, planSpan } from './query.js';
import { queuesView } from './queues.js';
import { iso } from './views.js';

const DAY_MS = 86_400_000;
const MOST_PLACED = 10_000;
const LinksQuery = z.strictObject({
  messageId: word('Only these'),
  after: z.coerce.number().int().min(0).describe('`next` of the page before').optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** What begins sessions, and what they wait for. Job units, triggers and queues are settings: `/api/v1/settings/job-unit/ID`. */
@ApiTags('jobs')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1')
export class JobsController {
  constructor(
    @Inject(JobsHandle) private readonly jobs: JobsHandle,
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(SettingsTimes) private readonly times: SettingsTimes,
    @Inject(STORE) private readonly store: Pick<ManagerStore, 'audit'>,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Begins a session by hand: of the whole unit, or of one of its jobs. Under the same `request` it is the same session. */
  @Post('job-units/:id/sessions')
  @Refuses('REFUSED', 'NOT_SERVING', 'JOBS_BUSY')
  @Command()
  @Needs('job', 'execute')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: JobStartedSchema })
  async start(
    @Param('id') unit: string,
    @Asker() asker: Identity,
    @Body({ schema: JobStartSchema }) wish: JobStart,
  ): Promise<JobStarted> {
    const { epoch } = this.lifecycle.demandWritable();
    const by = personOf(asker, wish.by);
    this.#mustReach(unit, asker);
    const { job, variables, trigger } = this.#asked(unit, wish, asker, by);
    const { request, ignoresTimes, testCommand } = wish;
    const wanted = {
      // Those of notifications and the like have names of their own.
      request: request === null ? null : `api/${request}`,
      ...{ unit, job, trigger, scheduledAtMs: null, variables, ignoresTimes, commandInstead: testCommand, by },
    };
    const answer = await this.jobs.control.start(wanted, keeping(startedOf));
    if (answer.kind === 'unknown') throw unknownStart(unit, job, answer.what);
    if (answer.kind === 'refused') throw new ApiRefusal(409, 'REFUSED', answer.why);
    const { session, again } = answer;
    const detail = { unit, job, session, trigger: trigger.id, ignoresTimes, test: testCommand !== null, again };
    const entry = { login: by, action: 'job.start', detail, node: this.settings.node, epoch };
    await auditDone(this.store, this.authority, entry, (error) => this.log.warn('jobs.notAudited', { why: explain(error) }));
    return { session, again };
  }

  /** Runs to come, by the schedules of now: the next day when nothing is said. Those made beforehand have a session. */
  @Get('job-plan')
  @Bounded('runs between `from` and `to`, at most 62 days and `limit`; `more` says that there are others')
  @Needs('job', 'read')
  @ApiOkResponse({ standardSchema: JobPlanSchema })
  async plan(
    @Asker() { rights }: Identity,
    @Query({ schema: PlanQuerySchema }) query: z.infer<typeof PlanQuerySchema>,
  ): Promise<JobPlan> {
    const [fromMs, toMs] = planSpan(query, this.clock.wallMs());
    if (toMs < fromMs) throw new ApiRefusal(400, 'INVALID_INPUT', 'to: it lies before from', 'to');
    if (toMs - fromMs > MOST_PLAN_DAYS * DAY_MS)
      throw new ApiRefusal(400, 'INVALID_INPUT', `to: at most ${MOST_PLAN_DAYS} days at once`, 'to');
    const { snapshot } = this.live;
    const units = snapshot.all('job-unit');
    const triggers = [...snapshot.all('job-trigger').values()].filter(
      ({ id, body, ownerRole }) =>
        rights.reaches(ownerRole, 'read') &&
        rights.reaches(units.get(body.unit)?.ownerRole ?? ownerRole, 'read') &&
        (query.unit === undefined || body.unit === query.unit) &&
        (query.trigger === undefined || id === query.trigger),
    );
    const { calendars } = this.times;
    const isOpen = (calendar: string | null, atMs: number) => calendars.isOpen(calendar, atMs);
    const { runs, isMore } = planOf(units, triggers, fromMs, toMs, { isOpen, most: query.limit });
    const made = await this.#premade(fromMs, toMs);
    return {
      ...{ from: iso(fromMs), to: iso(toMs), more: isMore },
      runs: runs.map(({ atMs, trigger, unit, job, timeZone }) => {
        const found = made.get(`${trigger}/${atMs}`);
        const { session = null, state = null } = found ?? {};
        return { at: iso(atMs), trigger, unit, unitName: units.get(unit)?.body.name ?? unit, job, timeZone, session, state };
      }),
    };
  }

  /** When a schedule would be due next, whether a trigger has it or not. */
  @Post('job-plan/try')
  @Repeatable('it changes nothing')
  @Needs('job', 'read')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: JobPlanTriedSchema })
  try(@Body({ schema: JobPlanTrySchema }) { limit, ...wish }: JobPlanTry): JobPlanTried {
    const { calendars } = this.times;
    const isOpen = (calendar: string | null, atMs: number) => calendars.isOpen(calendar, atMs);
    const body = JobTriggerBodySchema.parse({ type: 'schedule', unit: 'tried', ...wish });
    const nowMs = this.clock.wallMs();
    const { runs } = planOf(
      new Map([['tried', { enabled: true }]]),
      [{ id: 'tried', enabled: true, body }],
      nowMs,
      nowMs + MOST_PLAN_DAYS * DAY_MS,
      {
        ...{ isOpen, most: limit },
      },
    );
    return { times: runs.map(({ atMs }) => iso(atMs)) };
  }

  /** What waits for an answer, of whoever it is asked. */
  @Get('job-approvals')
  @Bounded('as many as wait for an answer, at most 10 000; `more` says that there are others')
  @Needs('job', 'read')
  @ApiOkResponse({ standardSchema: JobApprovalsSchema })
  async approvals(@Asker() asker: Identity): Promise<JobApprovals> {
    const running = await this.jobs.tables.runningNowhere(MOST_PLACED);
    const unitOf = async (unit: string, revision: number) => await this.jobs.unit(unit, revision);
    const view = await approvalsView(running, running.length >= MOST_PLACED, unitOf, asker);
    return { ...view, approvals: view.approvals.filter(({ unit, mine }) => mine || this.#isSeen(unit, asker)) };
  }

  /** Who has a place in a queue, and who waits for one there, or on a node. */
  @Get('job-queues')
  @Bounded('one row a queue')
  @Needs('job', 'read')
  @ApiOkResponse({ standardSchema: JobQueuesSchema })
  async queues(@Asker() asker: Identity): Promise<JobQueues> {
    const all = await this.jobs.tables.placed(MOST_PLACED);
    // Whoever waits behind others' jobs sees that the place is taken by their limits, not by whom.
    const placed = all.filter(({ unit }) => this.#isSeen(unit, asker));
    const { snapshot } = this.live;
    return await queuesView(placed, all.length >= MOST_PLACED, {
      queues: snapshot.all('job-queue'),
      node: (facility) => snapshot.get('node', facility)?.body,
      unit: async (unit, revision) => await this.jobs.unit(unit, revision),
    });
  }

  /** Says something to jobs and triggers that wait for it. Under the same `id` it is said once. */
  @Post('job-links')
  @Refuses('NOT_SERVING', 'JOBS_BUSY')
  @Command()
  @Needs('job', 'execute')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: JobLinkedSchema })
  async link(@Asker() asker: Identity, @Body({ schema: JobLinkSchema }) message: JobLink): Promise<{ isNew: boolean }> {
    const { epoch } = this.lifecycle.demandWritable();
    const said = { ...message, atMs: Math.floor(this.clock.wallMs()) };
    const isNew = await this.jobs.control.link(
      said,
      keeping((fresh) => ({ isNew: fresh })),
    );
    const detail = { messageId: message.messageId, isNew };
    const entry = { login: asker.login, action: 'job.link', detail, node: this.settings.node, epoch };
    await auditDone(this.store, this.authority, entry, (error) => this.log.warn('jobs.notAudited', { why: explain(error) }));
    return { isNew };
  }

  /** What was said, newest first. */
  @Get('job-links')
  @Needs('job', 'read')
  @ApiOkResponse({ standardSchema: JobLinksSchema })
  async links(@Query({ schema: LinksQuery }) { messageId, after, limit }: z.infer<typeof LinksQuery>): Promise<JobLinks> {
    const found = await this.jobs.tables.links({
      ...{ limit, ...(messageId === undefined ? {} : { messageId }), ...(after === undefined ? {} : { after }) },
    });
    return {
      messages: found.map(({ atMs, values, number: _, ...rest }) => ({ ...rest, values: { ...values }, at: iso(atMs) })),
      next: found.length < limit ? null : found.at(-1)!.number,
    };
  }

  #isSeen(unit: string, { rights }: Identity): boolean {
    return rights.owners('read') === null || rights.reaches(this.live.snapshot.get('job-unit', unit)?.ownerRole ?? '', 'read');
  }

  /** A unit that there is not is told by whoever would begin it. */
  #mustReach(unit: string, asker: Identity): void {
    const owner = this.live.snapshot.get('job-unit', unit)?.ownerRole;
    if (owner === undefined || asker.rights.reaches(owner, 'execute')) return;
    if (!asker.rights.reaches(owner, 'read')) throw unknownStart(unit, null, 'unit');
    throw forbidden(`a role that executes what ${owner} owns`, asker.login);
  }

  /** What is given, against what a manual trigger asks for. */
  #asked(
    unit: string,
    { job, trigger: id, parameters }: JobStart,
    asker: Identity,
    by: string,
  ): { readonly job: string | null; readonly variables: Readonly<Record<string, string>>; readonly trigger: SessionTrigger } {
    if (id === null) {
      const type = asker.came !== 'session' ? 'api' : 'manual';
      return { job, variables: parameters, trigger: { type, id: null, info: `started by ${by}` } };
    }
    const found = this.live.snapshot.get('job-trigger', id);
    if (found === undefined || found.body.unit !== unit)
      throw new ApiRefusal(404, 'NOT_FOUND', `job unit ${unit} has no trigger ${id}`, 'trigger');
    const { body } = found;
    if (body.type !== 'manual') throw new ApiRefusal(409, 'REFUSED', `trigger ${id} is no manual one: it begins by ${body.type}`);
    if (!found.enabled) throw new ApiRefusal(409, 'REFUSED', `trigger ${id} is disabled`);
    if (!this.times.calendars.isOpen(body.calendar, this.clock.wallMs()))
      throw new ApiRefusal(409, 'REFUSED', `calendar ${body.calendar} of trigger ${id} is closed now`);
    if (job !== null && body.job !== null && job !== body.job)
      throw new ApiRefusal(409, 'REFUSED', `trigger ${id} begins ${body.job}, not ${job}`, 'job');
    const given = variablesGiven(body.parameters, parameters, true);
    if (!given.ok) {
      const [first] = given.mistakes;
      const message = `${first!.place}: ${first!.found}; allowed: ${first!.allowed}`;
      throw new ApiRefusal(400, 'INVALID_INPUT', message, first!.place, given.mistakes);
    }
    return { job: body.job ?? job, variables: given.variables, trigger: { type: 'manual', id, info: `started by ${by}` } };
  }

  async #premade(fromMs: number, toMs: number) {
    const states = ['scheduled', 'held', 'skipped'] as const;
    const query = { limit: 1_000, fromMs, toMs: toMs + 1, triggerType: 'schedule', states, open: true } as const;
    const { rows } = await this.jobs.tables.sessions(query);
    return new Map(
      rows.map(({ id, state, trigger, scheduledAtMs }) => [`${trigger.id ?? ''}/${scheduledAtMs}`, { session: id, state }]),
    );
  }
}

const startedOf = (answer: StartAnswer): JobStarted | null =>
  answer.kind === 'started' ? { session: answer.session, again: answer.again } : null;

const unknownStart = (unit: string, job: string | null, what: 'unit' | 'job'): ApiRefusal =>
  what === 'unit'
    ? new ApiRefusal(404, 'NOT_FOUND', `there is no job unit ${unit}`, 'unit')
    : new ApiRefusal(404, 'NOT_FOUND', `job unit ${unit} has no job ${job ?? ''}`, 'job');
