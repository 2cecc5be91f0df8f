import { Button, Drawer, MultiSelect, Select, Switch, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { AccessOverview, UserView } from '@yosugara/protocol';
import { type FormEvent, useState } from 'react';
import { accessApi } from '../api/access.js';
import { serverNowMs } from '../api/client.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { marksOf, userChange } from './access-model.js';
import { Failed } from './failed.js';
import { Once } from './once.js';
import { TimeZoneSelect } from './time-zone-select.js';
import { useCommand } from './use-command.js';
import { useMe } from './use-me.js';

interface UserDialogProps {
  /** null: a new one. */
  readonly user: UserView | null;
  readonly rights: AccessOverview;
  readonly onClose: () => void;
}

interface Form {
  readonly login: string;
  readonly name: string;
  readonly mail: string;
  readonly roles: readonly string[];
  readonly enabled: boolean;
  readonly language: '' | 'en' | 'ja';
  readonly timeZone: string;
}

const formOf = (user: UserView | null): Form => ({
  ...{ login: user?.login ?? '', name: user?.name ?? '', mail: user?.mail ?? '', roles: user?.roles ?? [] },
  ...{ enabled: user?.enabled ?? true, language: (user?.language ?? '') as Form['language'], timeZone: user?.timeZone ?? '' },
});

function Fields({
  form,
  isNew,
  rights,
  mayChange,
  onChange,
}: {
  readonly form: Form;
  readonly isNew: boolean;
  readonly rights: AccessOverview;
  readonly mayChange: boolean;
  readonly onChange: (part: Partial<Form>) => void;
}) {
  const { t } = useText();
  const roles = rights.roles.filter(({ given }) => given);
  return (
    <>
      {isNew && (
        <TextInput
          label={t('users.login')}
          value={form.login}
          maxLength={64}
          required
          data-autofocus
          onChange={(event) => onChange({ login: event.currentTarget.value })}
          data-testid="user-login"
        />
      )}
      <TextInput
        label={t('users.name')}
        value={form.name}
        maxLength={128}
        disabled={!mayChange}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        data-testid="user-name"
      />
      <TextInput
        label={t('users.mail')}
        type="email"
        value={form.mail}
        maxLength={254}
        disabled={!mayChange}
        onChange={(event) => onChange({ mail: event.currentTarget.value })}
      />
      <MultiSelect
        label={t('users.roles')}
        data={roles.map(({ id, body }) => ({ value: id, label: `${body.name} (${id})` }))}
        value={[...form.roles]}
        disabled={!mayChange}
        onChange={(next) => onChange({ roles: next })}
        searchable
        data-testid="user-roles"
      />
      <Select
        label={t('users.language')}
        data={[
          { value: '', label: t('users.asBrowser') },
          { value: 'en', label: 'English' },
          { value: 'ja', label: '日本語' },
        ]}
        value={form.language}
        allowDeselect={false}
        disabled={!mayChange}
        onChange={(next) => onChange({ language: (next ?? '') as Form['language'] })}
      />
      <TimeZoneSelect value={form.timeZone} disabled={!mayChange} onChange={(timeZone) => onChange({ timeZone })} />
      <Switch
        label={t('users.enabled')}
        checked={form.enabled}
        disabled={!mayChange}
        onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
        data-testid="user-enabled"
      />
    </>
  );
}

/** What can be done with somebody's login besides changing who they are. */
function Deeds({
  user,
  isSelf,
  onPassword,
  onDone,
}: {
  readonly user: UserView;
  readonly isSelf: boolean;
  readonly onPassword: (password: string) => void;
  readonly onDone: () => void;
}) {
  const { t } = useText();
  const client = useQueryClient();
  const [asked, setAsked] = useState<'password' | 'totp' | 'remove' | null>(null);
  const act = useCommand({
    mutationFn: async (what: 'password' | 'totp' | 'remove' | 'unlock') => {
      if (what === 'password') onPassword((await accessApi.resetPassword(user.id)).password ?? '');
      else if (what === 'totp') await accessApi.resetTotp(user.id);
      else if (what === 'unlock') await accessApi.unlock(user.id);
      else await accessApi.removeUser(user);
      return what;
    },
    onSuccess: async (what) => {
      setAsked(null);
      await client.invalidateQueries({ queryKey: ['access'] });
      if (what === 'remove') onDone();
    },
  });
  const isLocked = marksOf(user, serverNowMs()).includes('locked');
  const ask = (what: 'password' | 'totp' | 'remove', color: string) => (
    <Button
      size="compact-sm"
      variant={asked === what ? 'filled' : 'default'}
      color={color}
      loading={act.isPending && act.variables === what}
      onClick={() => (asked === what ? act.mutate(what) : setAsked(what))}
      data-testid={`user-${what}`}
    >
      {t(asked === what ? `users.${what}Sure` : `users.${what}`)}
    </Button>
  );
  return (
    <div className="deeds">
      <Failed error={act.error} />
      {user.source === 'local' && ask('password', 'indigo')}
      {isLocked && (
        <Button size="compact-sm" variant="default" onClick={() => act.mutate('unlock')} data-testid="user-unlock">
          {t('users.unlock')}
        </Button>
      )}
      {user.totp && ask('totp', 'indigo')}
      {!isSelf && ask('remove', 'red')}
    </div>
  );
}

/** Who somebody is, what they may, and what an administrator does when they cannot get in. */
export function UserDialog({ user, rights, onClose }: UserDialogProps) {
  const { t } = useText();
  const { me, may } = useMe();
  const client = useQueryClient();
  const [form, setForm] = useState(() => formOf(user));
  const [password, setPassword] = useState<string | null>(null);
  const mayChange = may('access', user === null ? 'add' : 'modify');
  const save = useCommand({
    mutationFn: async () => {
      const { login, roles, ...rest } = form;
      if (user === null) return (await accessApi.addUser({ ...rest, login: login.trim(), roles: [...roles] })).password;
      const change = userChange(user, form);
      if (change !== null) await accessApi.changeUser(user, change);
      return null;
    },
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['access'] });
      if (made === null) onClose();
      else setPassword(made);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={560}
      title={user === null ? t('users.new') : t('users.one', { login: visible(user.login) })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {password !== null && (
        <Once title={t('users.passwordIs', { login: form.login })} secret={password} testId="user-new-password" />
      )}
      {(password === null || user !== null) && (
        <form onSubmit={submit} className="dialog-form" data-testid="user-form">
          {user !== null && user.source !== 'local' && (
            <p className="dim">{t('users.fromElsewhere', { source: user.source.toUpperCase() })}</p>
          )}
          <Fields
            form={form}
            isNew={user === null}
            rights={rights}
            mayChange={mayChange}
            onChange={(part) => setForm({ ...form, ...part })}
          />
          <Failed error={save.error} />
          <div className="dialog-buttons">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button
              type="submit"
              loading={save.isPending}
              disabled={!mayChange || form.login.trim() === ''}
              data-testid="user-save"
            >
              {t('filter.doSave')}
            </Button>
          </div>
        </form>
      )}
      {user !== null && mayChange && <Deeds user={user} isSelf={user.login === me} onPassword={setPassword} onDone={onClose} />}
    </Drawer>
  );
}
