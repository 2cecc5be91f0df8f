import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import {
  type MonitorRan,
  MonitorRanSchema,
  type MonitorRun,
  MonitorRunSchema,
  type NotificationTest,
  type NotificationTested,
  NotificationTestedSchema,
  NotificationTestSchema,
} from '@yosugara/protocol';
import { whoAsks } from '../access/asking.js';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive, personOf } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { Command, keptAs, Repeatable } from '../http/commands.js';
import type { Lifecycle } from '../lifecycle.js';
import { LiveSettings } from '../settings/live-settings.js';
import { auditDone } from '../store/audit-done.js';
import type { AuditEntry, ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, LIFECYCLE, LOG, OPERATIONS, SETTINGS, STORE } from '../tokens.js';
import { monitorToRun, reached } from './asked-settings.js';
import { lookAtAll, type TriedOut, testOf } from './running.js';
import { priorityOfTest, resultOfTest } from './told-test.js';

/** What people have done now that goes on by itself otherwise: it goes the way that it always goes. */
@ApiTags('try-out')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1')
export class TryOutController {
  constructor(
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(OPERATIONS) private readonly operations: TriedOut,
    @Inject(STORE) private readonly store: Pick<ManagerStore, 'audit'>,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Looks now, whatever its calendar says: what is seen is stored, judged and told as of any look. */
  @Post('monitors/:id/runs')
  @Refuses('REFUSED', 'NOT_SERVING')
  @Repeatable('it looks again')
  @Needs('monitor', 'execute')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: MonitorRanSchema })
  async monitor(
    @Param('id') id: string,
    @Asker() asker: Identity,
    @Body({ schema: MonitorRunSchema }) { facilities, withinS, by }: MonitorRun,
  ): Promise<MonitorRan> {
    const { epoch } = this.lifecycle.demandWritable();
    const { snapshot } = this.live;
    const nodes = monitorToRun(snapshot, id, facilities, asker);
    const looks = await lookAtAll(this.operations, id, nodes, withinS * 1_000);
    const detail = { kind: 'monitor', id, nodes: nodes.length };
    await this.#audit({ login: personOf(asker, by), action: 'monitor.run', detail, node: this.settings.node, epoch }, null);
    return { monitor: id, looks: [...looks] };
  }

  /** Has it tell something, whatever its calendar and its counts say: by the outbox, marked as a test, and nothing is remembered of it. */
  @Post('notifications/:id/tests')
  @Refuses('REFUSED', 'NOT_SERVING')
  @Command()
  @Needs('notification', 'execute')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: NotificationTestedSchema })
  async notification(
    @Param('id') id: string,
    @Asker() asker: Identity,
    @Body({ schema: NotificationTestSchema }) wish: NotificationTest,
  ): Promise<NotificationTested> {
    const { epoch } = this.lifecycle.demandWritable();
    const { snapshot } = this.live;
    const by = personOf(asker, wish.by);
    const setting = reached(snapshot, 'notification', id, asker);
    if (wish.facility !== null) reached(snapshot, 'node', wish.facility, asker, 'read');
    const priority = priorityOfTest(setting, wish.priority);
    // Under the key of the command it has the same id: sent again after a take-over it is told once.
    const key = whoAsks()?.command?.key ?? randomUUID();
    const result = resultOfTest(id, key, { ...wish, priority }, by, Math.floor(this.clock.wallMs()));
    const tested = await testOf(this.operations, result, setting, wish.withinS * 1_000);
    const detail = { kind: 'notification', id, priority, outcome: tested.outcome };
    await this.#audit({ login: by, action: 'notification.test', detail, node: this.settings.node, epoch }, tested);
    return tested;
  }

  async #audit(entry: AuditEntry, answer: object | null): Promise<void> {
    const onFailure = (error: unknown) => this.log.warn('tryOut.notAudited', { why: explain(error) });
    await auditDone(this.store, this.authority, entry, onFailure, answer === null ? null : keptAs(answer));
  }
}
