import { Button, Checkbox, Drawer, MultiSelect, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type AccessOverview, MODES, REACH_MODES, type ReachMode, type RoleBody } from '@yosugara/protocol';
import { type FormEvent, useState } from 'react';
import { settingsApi } from '../api/settings.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { type Grants, granted, grantedAll } from './access-model.js';
import { Failed } from './failed.js';
import { useCommand } from './use-command.js';
import { useMe } from './use-me.js';

type Role = AccessOverview['roles'][number];
type Reaches = RoleBody['reaches'];

function GrantTable({
  rights,
  grants,
  isFixed,
  onChange,
}: {
  readonly rights: AccessOverview;
  readonly grants: Grants;
  readonly isFixed: boolean;
  readonly onChange: (grants: Grants) => void;
}) {
  const { t } = useText();
  return (
    <table className="grants" data-testid="grants">
      <caption className="hidden">{t('roles.grants')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('roles.function')}</th>
          {MODES.map((mode) => (
            <th key={mode} scope="col">
              {t(`mode.${mode}`)}
            </th>
          ))}
          <th scope="col">{t('roles.all')}</th>
        </tr>
      </thead>
      <tbody>
        {rights.functions.map(({ id, modes }) => (
          <tr key={id}>
            <th scope="row">{t(`function.${id}`)}</th>
            {MODES.map((mode) => (
              <td key={mode}>
                {modes.includes(mode) && (
                  <Checkbox
                    size="xs"
                    checked={grants[id]?.includes(mode) === true}
                    disabled={isFixed}
                    aria-label={`${t(`function.${id}`)}: ${t(`mode.${mode}`)}`}
                    onChange={(event) => onChange(granted(grants, id, mode, event.currentTarget.checked))}
                    data-testid={`grant-${id}-${mode}`}
                  />
                )}
              </td>
            ))}
            <td>
              <Checkbox
                size="xs"
                checked={modes.every((mode) => grants[id]?.includes(mode) === true)}
                disabled={isFixed}
                aria-label={`${t(`function.${id}`)}: ${t('roles.all')}`}
                onChange={(event) => onChange(grantedAll(grants, id, event.currentTarget.checked))}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Objects of other roles. */
function ReachList({
  reaches,
  owners,
  isFixed,
  onChange,
}: {
  readonly reaches: Reaches;
  readonly owners: readonly string[];
  readonly isFixed: boolean;
  readonly onChange: (reaches: Reaches) => void;
}) {
  const { t } = useText();
  const ofMode = (mode: ReachMode) => reaches.filter(({ modes }) => modes.includes(mode)).map(({ owner }) => owner);
  const change = (mode: ReachMode, next: readonly string[]) => {
    const all = [...new Set([...reaches.map(({ owner }) => owner), ...next])];
    onChange(
      all.flatMap((owner) => {
        const before = reaches.find((each) => each.owner === owner)?.modes ?? [];
        const modes = REACH_MODES.filter((each) => (each === mode ? next.includes(owner) : before.includes(each)));
        return modes.length === 0 ? [] : [{ owner, modes }];
      }),
    );
  };
  return (
    <>
      {REACH_MODES.map((mode) => (
        <MultiSelect
          key={mode}
          label={t(`roles.reach.${mode}`)}
          data={owners.map((owner) => ({ value: owner, label: owner === '*' ? t('roles.anyOwner') : owner }))}
          value={ofMode(mode)}
          disabled={isFixed}
          onChange={(next) => change(mode, next)}
          searchable
        />
      ))}
    </>
  );
}

interface RoleEditorProps {
  /** null: a new one. */
  readonly role: Role | null;
  readonly rights: AccessOverview;
  readonly onClose: () => void;
}

/** What a role lets its members do, as a table; built-in ones are shown and stay as they are. */
export function RoleEditor({ role, rights, onClose }: RoleEditorProps) {
  const { t } = useText();
  const { may } = useMe();
  const client = useQueryClient();
  const [id, setId] = useState(role?.id ?? '');
  const [name, setName] = useState(role?.body.name ?? '');
  const [grants, setGrants] = useState<Grants>(() => (role?.body.grants ?? {}) as Grants);
  const [reaches, setReaches] = useState<Reaches>(role?.body.reaches ?? []);
  const isFixed = role?.builtIn === true || !may('access', 'modify');
  const save = useCommand({
    mutationFn: async () => {
      const body: RoleBody = { name: name.trim(), grants, reaches };
      const before = role === null ? null : await settingsApi.show('role', role.id);
      const { description = '', ownerRole = 'operator', enabled = true, revision = null } = before ?? {};
      await settingsApi.put('role', { id: id.trim(), description, ownerRole, enabled, revision, body });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['access'] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const owners = ['*', ...rights.roles.map((each) => each.id).filter((each) => each !== id)];
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={720}
      title={role === null ? t('roles.new') : visible(`${role.body.name} (${role.id})`)}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit} className="dialog-form" data-testid="role-form">
        {role?.builtIn === true && <p className="dim">{t('roles.builtIn')}</p>}
        {role === null && (
          <TextInput
            label={t('roles.id')}
            value={id}
            maxLength={64}
            required
            data-autofocus
            onChange={(event) => setId(event.currentTarget.value)}
            data-testid="role-id"
          />
        )}
        <TextInput
          label={t('users.name')}
          value={name}
          maxLength={256}
          required
          disabled={isFixed}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="role-name"
        />
        <GrantTable rights={rights} grants={grants} isFixed={isFixed} onChange={setGrants} />
        <ReachList reaches={reaches} owners={owners} isFixed={isFixed} onChange={setReaches} />
        <Failed error={save.error} />
        {!isFixed && (
          <div className="dialog-buttons">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button
              type="submit"
              loading={save.isPending}
              disabled={id.trim() === '' || name.trim() === ''}
              data-testid="role-save"
            >
              {t('filter.doSave')}
            </Button>
          </div>
        )}
      </form>
    </Drawer>
  );
}
