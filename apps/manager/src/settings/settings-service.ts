import {
  differencesOf,
  FUNCTION_OF_KIND,
  maskSecrets,
  readBody,
  type Setting,
  type SettingHistory,
  type SettingInput,
  type SettingKey,
  type SettingKind,
  type SettingMistake,
  type SettingPut,
  type SettingsDifference,
  type SettingView,
  settingSecretsOf,
  spaceOf,
} from '@yosugara/protocol';
import type { PutOptions, SettingRevision, SettingsChanged, SettingsOutcome } from '@yosugara/store';
import type { PeopleTables } from '../access/people-tables.js';
import type { Rights } from '../access/rights.js';
import { forbidden } from '../auth/gate.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusal } from '../http/errors.js';
import type { Lifecycle } from '../lifecycle.js';
import type { AuditEntry } from '../store/ports.js';
import { demandOnce } from './import-stage.js';
import type { LiveSettings } from './live-settings.js';
import { readSetting } from './read-setting.js';
import { MOST_PROBLEMS, mistaken, refusalOf } from './refusals.js';
import { demandOwnRights, demandSeen, SettingRights } from './setting-rights.js';
import type { ChangeHow, SettingsTables } from './settings-tables.js';
import { warningsOf } from './warnings.js';

export interface SettingsServiceOptions {
  readonly tables: SettingsTables;
  readonly live: LiveSettings;
  readonly authority: Authority;
  readonly lifecycle: Lifecycle;
  readonly people: PeopleTables;
  readonly node: string;
}

/** Whoever changes settings, by the name that is written down. */
export interface Writer {
  readonly name: string;
  readonly rights: Rights;
}

/** Ids in one line of the audit trail. */
const MOST_AUDITED = 20;
const KEEP_EVENT_LOOP = 500;

/** Changes of settings, as people and programs ask for them: checked, audited, and in the snapshot of this node before they are answered. */
export class SettingsService {
  readonly #o: SettingsServiceOptions;
  constructor(options: SettingsServiceOptions) {
    this.#o = options;
  }

  async put(setting: SettingInput, by: Writer, expected: PutOptions['expected']): Promise<SettingPut> {
    const { kind, id } = setting;
    const rights = this.#demand([setting], by);
    const how = this.#how(by, 'setting.put', ({ added, changed }) => ({
      ...{ kind, id, revision: (added[0] ?? changed[0])?.revision },
      // Values stay in the history, whose secrets are masked when it is shown.
      fields: changed[0] === undefined ? 'new' : differenceOf(changed[0]).map(({ place }) => place),
    }));
    const done = await this.#done(this.#o.tables.put([setting], { by: by.name, expected, rights }, how), rights, () => '');
    const [added, changed] = [done.added[0], done.changed[0]];
    const revision = (added ?? changed)?.revision ?? (await this.#o.tables.get({ kind, id }))?.revision ?? 0;
    return {
      done: added !== undefined ? 'added' : changed !== undefined ? 'changed' : 'unchanged',
      revision,
      version: done.version,
      warnings: [...warningsOf([setting], this.#o.live.snapshot)],
    };
  }

  async remove(key: SettingKey, by: Writer, expected: PutOptions['expected']): Promise<{ readonly version: number }> {
    if (key.kind === 'role') await this.#demandUnused([key.id]);
    const how = this.#how(by, 'setting.delete', () => ({ kind: key.kind, id: key.id }));
    const rights = new SettingRights(by.rights);
    const { version } = await this.#done(this.#o.tables.remove(key, { by: by.name, expected, rights }, how), rights, () => '');
    return { version };
  }

  /** All of it or nothing. @param dryRun tells what would be done. */
  async import(
    settings: readonly SettingInput[],
    {
      by,
      dryRun,
      deleteMissing,
    }: { readonly by: Writer; readonly dryRun: boolean; readonly deleteMissing: readonly SettingKind[] },
  ): Promise<SettingsDifference> {
    demandOnce(settings, spaceKeyOf);
    const rights = this.#demand(settings, by);
    const lacking = deleteMissing.find((kind) => !by.rights.may(FUNCTION_OF_KIND[kind], 'modify'));
    if (lacking !== undefined) throw forbidden(`${FUNCTION_OF_KIND[lacking]}: modify`, by.name);
    if (deleteMissing.includes('role')) {
      const kept = new Set(settings.flatMap(({ kind, id }) => (kind === 'role' ? [id] : [])));
      await this.#demandUnused([...this.#o.live.snapshot.all('role').keys()].filter((id) => !kept.has(id)));
    }
    const how = this.#how(by, 'setting.import', ({ counts, added, changed, removed }) => ({
      ...counts,
      settings: [...added, ...changed, ...removed].slice(0, MOST_AUDITED).map(({ kind, id }) => `${kind}/${id}`),
    }));
    const options = { by: by.name, dryRun, rights, ...(deleteMissing.length === 0 ? {} : { deleteMissing }) };
    // Only when something is refused, which ends it: then one look through all of them.
    const placeOf = (key: SettingKey) => {
      const at = settings.findIndex(({ kind, id }) => kind === key.kind && id === key.id);
      return at < 0 ? '' : `documents.${at}`;
    };
    const done = await this.#done(this.#o.tables.put(settings, options, how), rights, placeOf, dryRun);
    return {
      dryRun,
      version: dryRun ? this.#o.live.snapshot.version : done.version,
      counts: done.counts,
      added: done.added.map(keyOf),
      changed: done.changed.map((each) => ({ ...keyOf(each), differences: [...differenceOf(each)] })),
      removed: done.removed.map(keyOf),
      warnings: [...warningsOf(settings, this.#o.live.snapshot)],
    };
  }

  #demand(settings: readonly SettingInput[], { rights }: Writer): SettingRights {
    demandOwnRights(settings, rights);
    const may = new SettingRights(rights);
    demandSeen(settings, may, this.#o.live);
    return may;
  }

  /** Whoever has a role that goes would have it again when somebody makes another one of its name. */
  async #demandUnused(roles: readonly string[]): Promise<void> {
    const users = await this.#o.people.read(async (people) => await people.users.countByRole());
    const used = roles.find((role) => (users.get(role) ?? 0) > 0);
    if (used !== undefined)
      throw new ApiRefusal(409, 'ROLE_IN_USE', `${users.get(used)} users have the role ${used}: take it from them first`);
  }

  #how(by: Writer, action: string, detail: (done: SettingsChanged) => AuditEntry['detail']): ChangeHow {
    const { lifecycle, authority, node } = this.#o;
    const { epoch } = lifecycle.demandWritable();
    return {
      epoch,
      entry: (done) => ({ login: by.name, action, detail: detail(done), node, epoch }),
      guard: () => void authority.demand('active', epoch),
    };
  }

  #sees(rights: SettingRights, { kind, id }: SettingKey): boolean {
    const owner = this.#o.live.snapshot.get(kind, id)?.ownerRole;
    return owner !== undefined && rights.reads(kind, owner);
  }

  /** @throws ApiRefusal */
  async #done(
    changing: Promise<SettingsOutcome>,
    rights: SettingRights,
    placeOf: (key: SettingKey) => string,
    dryRun = false,
  ): Promise<SettingsChanged> {
    const outcome = await changing;
    if (outcome.kind !== 'done') throw refusalOf(outcome, placeOf, (key) => this.#sees(rights, key));
    if (!dryRun) await this.#o.live.refresh();
    return outcome;
  }
}

/** Documents as they were sent, checked. @throws ApiRefusal — what is wrong with them, as far as it is shown. */
export async function parseDocuments(documents: readonly unknown[]): Promise<readonly SettingInput[]> {
  const settings: SettingInput[] = [];
  const mistakes: SettingMistake[] = [];
  for (const [at, document] of documents.entries()) {
    if (at % KEEP_EVENT_LOOP === KEEP_EVENT_LOOP - 1) await new Promise((resolve) => setImmediate(resolve));
    const parsed = readSetting(document);
    if (parsed.ok) settings.push(parsed.setting);
    else
      for (const mistake of parsed.mistakes)
        mistakes.push({ ...mistake, place: `documents.${at}${mistake.place === '' ? '' : `.${mistake.place}`}` });
    if (mistakes.length >= MOST_PROBLEMS) break;
  }
  if (mistakes.length > 0) throw mistaken(mistakes);
  return settings;
}

/** As the API shows it. */
export function viewOf(setting: Setting): SettingView {
  const { body, hasSecret } = maskSecrets(settingSecretsOf(setting.kind), inOrder(setting));
  return { ...setting, body, hasSecret: [...hasSecret] };
}

/** As it is imported again: on this cluster, whose secrets stay as they are. */
export function documentOf(setting: Setting): SettingInput {
  const { kind, id, description, enabled, ownerRole } = setting;
  const { body } = maskSecrets(settingSecretsOf(kind), inOrder(setting));
  return { kind, id, description, enabled, ownerRole, body };
}

/** The database keeps no order of fields: that of the schema, where this version can read it. */
const inOrder = ({ kind, body }: Pick<Setting, 'kind' | 'body'>): unknown => readBody(kind, body) ?? body;

export function historyOf(kind: SettingKind, revisions: readonly SettingRevision[], shown: number): SettingHistory {
  const secrets = settingSecretsOf(kind);
  const all = revisions.map(({ setting, ...revision }) => ({
    ...revision,
    setting: setting === null ? null : { ...setting, body: inOrder({ kind, body: setting.body }) },
  }));
  return {
    next: all.length > shown ? all[shown - 1]!.revision : null,
    revisions: all.slice(0, shown).map(({ revision, at, by, setting }, index) => {
      const before = all[index + 1]?.setting ?? null;
      const differences = setting === null || before === null ? [] : documentDifferences(kind, before, setting);
      return {
        ...{ revision, by, at: at.toISOString(), differences: [...differences] },
        done: setting === null ? 'removed' : before === null ? 'added' : 'changed',
        setting: setting === null ? null : { ...setting, body: maskSecrets(secrets, setting.body).body },
      };
    }),
  };
}

const differenceOf = ({ kind, before, after }: SettingsChanged['changed'][number]) => documentDifferences(kind, before, after);

type Document = Pick<SettingInput, 'description' | 'enabled' | 'ownerRole' | 'body'>;
function documentDifferences(kind: SettingKind, before: Document, after: Document) {
  const plain = ({ description, enabled, ownerRole, body }: Document) => ({ description, enabled, ownerRole, body });
  return differencesOf(plain(before), plain(after), { body: settingSecretsOf(kind) });
}

const keyOf = ({ kind, id }: SettingKey): SettingKey => ({ kind, id });
export const spaceKeyOf = ({ kind, id }: SettingKey): string => `${spaceOf(kind)}/${id}`;
