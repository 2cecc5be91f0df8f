import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { SecretsRotatedSchema, type SecretsView, SecretsViewSchema } from '@yosugara/protocol';
import type { z } from 'zod';
import { Needs, NeedsEverything } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Bounded, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, SETTINGS, STORE } from '../tokens.js';
import { SecretKeeper } from './secret-keeper.js';

/** What secrets are encrypted by. Keys themselves are in no answer. */
@ApiTags('secrets')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/secrets')
export class SecretsController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(SecretKeeper) private readonly keeper: SecretKeeper | null,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  @Get()
  @Bounded('one document')
  @Needs('cluster', 'read')
  @ApiOkResponse({ standardSchema: SecretsViewSchema })
  async show(): Promise<SecretsView> {
    return this.#kept().view(this.settings.journals ?? 'off');
  }

  /** Encrypts all secrets by the newest key that all nodes have; how far it is, is in `pass`. */
  @Post('rotate')
  @Repeatable('what is encrypted by it stays so')
  @Refuses('KEY_NOT_SHARED')
  @HttpCode(202)
  @NeedsEverything('cluster', 'execute')
  @NeedsActive()
  @ApiAcceptedResponse({ standardSchema: SecretsRotatedSchema })
  async rotate(@Asker() { login }: Identity): Promise<z.infer<typeof SecretsRotatedSchema>> {
    const { epoch } = this.authority.demand('active');
    const encryptsBy = await this.#kept().rotate();
    const { node } = this.settings;
    await this.store.audit({ login, action: 'secrets.rotate', detail: { key: encryptsBy }, node, epoch }, () => {
      this.authority.demand('active', epoch);
    });
    return { encryptsBy };
  }

  #kept(): SecretKeeper {
    if (this.keeper === null) throw new ApiRefusal(404, 'NOT_FOUND', 'this process keeps no keys');
    return this.keeper;
  }
}
