import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { DeadlineError, explain, type Log, YosugaraError } from '@yosugara/kernel';
import { type CommandAnswer, CommandAnswerSchema, type Status, StatusSchema } from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { Asker, type Identity } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import type { ControlQuestion } from '../control/client.js';
import { ApiRefusals, Bounded, Refuses } from '../http/api-docs.js';
import { Command, keptAs } from '../http/commands.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CONTROLLER, LOG, SETTINGS, STORE } from '../tokens.js';
import { type AskController, ClusterView } from './cluster-view.js';

const node = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,30}$/, 'the name of a node')
  .optional();
const RecoverSchema = z
  .strictObject({ node, dryRun: z.boolean().optional(), discardUnknown: z.boolean().optional() })
  .meta({ id: 'Recover' });
const minutes = z.number().min(0).max(10_080);
const MaintenanceSchema = z
  .strictObject({ node: node.unwrap(), minutes, why: z.string().max(200).default('') })
  .meta({ id: 'NodeMaintenance' });
const PauseSchema = z.strictObject({ minutes, why: z.string().max(200).default('') }).meta({ id: 'TakeOverPause' });
const FenceSchema = z.strictObject({ node: node.unwrap(), why: z.string().trim().min(1).max(200) }).meta({ id: 'NodeFence' });
const SwitchoverSchema = z.strictObject({ to: node }).meta({ id: 'Switchover' });
/** What is answered again of a command whose answer nobody heard: a switchover ends the one who would have written it down. */
const UNTIL_ANSWERED: CommandAnswer = { ok: true, message: 'accepted before; the status says what became of it' };
/** The controller's own patience is 3 s. */
const COMMAND_DEADLINE_MS = 5_000;

@ApiTags('cluster')
@ApiRefusals()
@Controller('api/v1/cluster')
export class ClusterController {
  constructor(
    @Inject(CONTROLLER) private readonly ask: AskController,
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(LOG) private readonly log: Log,
    private readonly view: ClusterView,
  ) {}

  @Get()
  @Bounded('the members of the cluster')
  @Refuses('CONTROLLER_UNREACHABLE', 'DEADLINE')
  @Needs('cluster', 'read')
  @ApiOkResponse({ standardSchema: StatusSchema })
  async status(): Promise<Status> {
    return await this.view.status();
  }

  /** Bring the node that is out back as Standby. Answers when the request is committed; progress is in the status. */
  @Post('recover')
  @Refuses('REFUSED', 'CONTROLLER_UNREACHABLE', 'DEADLINE')
  @Command()
  @Needs('cluster', 'execute')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: CommandAnswerSchema })
  async recover(
    @Asker() asker: Identity,
    @Body({ schema: RecoverSchema }) body: z.infer<typeof RecoverSchema>,
  ): Promise<CommandAnswer> {
    return await this.#command(asker, { method: 'recover', ...body });
  }

  @Post('switchover')
  @Refuses('REFUSED', 'CONTROLLER_UNREACHABLE', 'DEADLINE')
  @Command()
  @Needs('cluster', 'execute')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: CommandAnswerSchema })
  async switchover(
    @Asker() asker: Identity,
    @Body({ schema: SwitchoverSchema }) body: z.infer<typeof SwitchoverSchema>,
  ): Promise<CommandAnswer> {
    return await this.#command(asker, { method: 'switchover', ...body });
  }

  /** Takes a node out on purpose, so that nobody is alarmed and nothing is started there, for a time that ends by itself; 0 minutes: it is back. */
  @Post('maintenance')
  @Refuses('REFUSED', 'CONTROLLER_UNREACHABLE', 'DEADLINE')
  @Command()
  @Needs('cluster', 'execute')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: CommandAnswerSchema })
  async maintenance(
    @Asker() asker: Identity,
    @Body({ schema: MaintenanceSchema }) body: z.infer<typeof MaintenanceSchema>,
  ): Promise<CommandAnswer> {
    return await this.#command(asker, { method: 'maintenance', ...body });
  }

  /** No automatic take-over for so long; 0 minutes: they go on. A Master that loses its lease stops all the same. */
  @Post('pause')
  @Refuses('REFUSED', 'CONTROLLER_UNREACHABLE', 'DEADLINE')
  @Command()
  @Needs('cluster', 'execute')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: CommandAnswerSchema })
  async pause(
    @Asker() asker: Identity,
    @Body({ schema: PauseSchema }) body: z.infer<typeof PauseSchema>,
  ): Promise<CommandAnswer> {
    return await this.#command(asker, { method: 'pause', ...body });
  }

  /**
   * Has the power of a node cut, and read back. The Master hands over first when it is meant itself. Answers when the order is committed;
   * what became of it is `lastFence` of the status.
   */
  @Post('fence')
  @Refuses('REFUSED', 'CONTROLLER_UNREACHABLE', 'DEADLINE')
  @Command()
  @Needs('cluster', 'execute')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: CommandAnswerSchema })
  async fence(
    @Asker() asker: Identity,
    @Body({ schema: FenceSchema }) body: z.infer<typeof FenceSchema>,
  ): Promise<CommandAnswer> {
    return await this.#command(asker, { method: 'fence', by: asker.login.slice(0, 80), ...body });
  }

  async #command(asker: Identity, question: ControlQuestion): Promise<CommandAnswer> {
    const { method, ...detail } = question;
    const { epoch } = this.authority.now();
    this.log.info('operator.command', { login: asker.login, method, ...detail });
    // Before the command, which may end this Master. A node without a writable database has its log line only: an operator
    // must be able to command from the Standby, and while the sync wall blocks every commit.
    const kept = keptAs(UNTIL_ANSWERED);
    const guard = () => void this.authority.demand('active', epoch);
    await this.store
      .audit({ login: asker.login, action: `cluster.${method}`, detail, node: this.settings.node, epoch }, guard, kept)
      .catch((error: unknown) => {
        if (error instanceof YosugaraError && error.code === 'ANSWER_KEPT') throw error;
        this.log.warn('audit.notStored', { login: asker.login, method, why: explain(error) });
      });
    const note = async (doing: Promise<void>) =>
      await doing.catch((error: unknown) => this.log.warn('answer.notStored', { method, why: explain(error) }));
    try {
      const said = CommandAnswerSchema.safeParse(await this.ask(question, COMMAND_DEADLINE_MS));
      const answer = said.success ? said.data : { ok: true, message: 'accepted' };
      // Nobody waits for it: the database of a Master that gives away its role may not answer any more.
      if (kept !== null) void note(this.store.answers.settle(keptAs(answer)!, epoch, guard));
      return answer;
    } catch (error) {
      // Only after a deadline it may be done all the same.
      if (kept !== null && !(error instanceof DeadlineError)) await note(this.store.answers.release(kept, epoch, guard));
      throw error;
    }
  }
}
