import { YosugaraError } from '@yosugara/kernel';
import {
  type SettingHistory,
  type SettingKind,
  type SettingPage,
  type SettingPut,
  type SettingsOverview,
  type SettingView,
} from '@yosugara/protocol';
import {
  settingsHistory,
  settingsList,
  settingsOverview,
  settingsPut,
  settingsRemove,
  settingsSchema,
  settingsShow,
} from '@yosugara/protocol/api';
import { known, type ManagerApi } from '../control/manager-api.js';
import { type Paint, printable, table } from '../output/terminal.js';
import { CHANGE_DEADLINE_MS } from '../settings/api.js';
import { whoAsks } from '../verbs/arguments.js';
import { queryOf } from './messages.js';

export const readKinds = async (api: ManagerApi): Promise<SettingsOverview> => await api.ask(settingsOverview());

export const listSettings = async (api: ManagerApi, kind: SettingKind, filter: object): Promise<SettingPage> =>
  await known(api.ask(settingsList(kind, queryOf(filter))));

export const readSetting = async (api: ManagerApi, kind: SettingKind, id: string): Promise<SettingView> =>
  await known(api.ask(settingsShow(kind, id)));

export const readSettingHistory = async (
  api: ManagerApi,
  kind: SettingKind,
  id: string,
  limit: number,
): Promise<SettingHistory> => await known(api.ask(settingsHistory(kind, id, { limit })));

/** JSON Schema of the body. */
export const readSettingSchema = async (api: ManagerApi, kind: SettingKind): Promise<object> =>
  (await known(api.ask(settingsSchema(kind)))) as object;

type Stored = Pick<SettingView, 'description' | 'enabled' | 'ownerRole' | 'body'>;

/** Refused when somebody else changed it in between. Secrets stay as they are. */
async function put(api: ManagerApi, { kind, id, revision }: SettingView, wanted: Stored): Promise<SettingPut> {
  const { description, enabled, ownerRole, body } = wanted;
  const document = { description, enabled, ownerRole, body, by: whoAsks() };
  return await known(api.ask(settingsPut(kind, id, document, { ifMatch: revision }), CHANGE_DEADLINE_MS));
}

export async function enableSetting(api: ManagerApi, kind: SettingKind, id: string, enabled: boolean): Promise<SettingPut> {
  const setting = await readSetting(api, kind, id);
  return await put(api, setting, { ...setting, enabled });
}

/** As it was in an earlier revision, as a new one. */
export async function revertSetting(api: ManagerApi, kind: SettingKind, id: string, revision: number): Promise<SettingPut> {
  const setting = await readSetting(api, kind, id);
  const { revisions } = await readSettingHistory(api, kind, id, MOST_REVISIONS);
  const then = revisions.find((each) => each.revision === revision)?.setting;
  if (then == null)
    throw new YosugaraError('NOT_FOUND', `${kind} ${id} has no revision ${revision} among its newest ${MOST_REVISIONS}`);
  return await put(api, setting, then);
}
const MOST_REVISIONS = 500;

/** As it is now; refused when somebody changes it in between. */
export async function removeSetting(api: ManagerApi, kind: SettingKind, id: string): Promise<void> {
  const { revision } = await readSetting(api, kind, id);
  await known(api.ask(settingsRemove(kind, id, { by: whoAsks() }, { ifMatch: revision }), CHANGE_DEADLINE_MS));
}

export const renderKinds = ({ kinds, version }: SettingsOverview): string =>
  `${table(
    ['KIND', 'SETTINGS'],
    kinds.map(({ kind, count }) => [kind, String(count)]),
  )}\nversion ${version}`;

export function renderSettings(rows: readonly SettingView[], paint: Paint): string {
  if (rows.length === 0) return 'no setting is like that';
  const cells = rows.map(({ id, enabled, ownerRole, revision, modifiedAt, modifiedBy, description, body }) => {
    const { name, type } = body as { readonly name?: unknown; readonly type?: unknown };
    const what = [name, type].filter((part) => typeof part === 'string' && part !== '').join(', ');
    return [
      printable(id),
      printable(what),
      enabled ? 'yes' : paint('no', 'yellow'),
      printable(ownerRole),
      `${revision} of ${modifiedAt} by ${printable(modifiedBy)}`,
      printable(description),
    ];
  });
  return table(['ID', 'WHAT', 'ENABLED', 'OWNER', 'REVISION', 'DESCRIPTION'], cells);
}

const said = (value: unknown): string => (value === undefined ? '–' : printable(JSON.stringify(value)));

export const renderSettingHistory = ({ revisions }: SettingHistory): string =>
  revisions
    .flatMap(({ revision, at, by, done, differences }) => [
      `revision ${revision}: ${done} ${at} by ${printable(by)}`,
      ...differences.map(({ place, before, after }) => `    ${printable(place)}: ${said(before)} → ${said(after)}`),
    ])
    .join('\n');
