import '../operations.js';
import { Button, Loader, Select, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { ProfileChange } from '@yosugara/protocol';
import { type FormEvent, useState } from 'react';
import { accessApi } from '../api/access.js';
import type { Me } from '../api/client.js';
import { Failed } from '../components/failed.js';
import { TimeZoneSelect } from '../components/time-zone-select.js';
import { useToast } from '../components/toasts.js';
import { TokenPanel } from '../components/token-panel.js';
import { TotpPanel } from '../components/totp-panel.js';
import { useCommand } from '../components/use-command.js';
import { useMe } from '../components/use-me.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { PasswordForm } from './password.js';

function Identity({ account }: { readonly account: Me }) {
  const { t, setLanguage } = useText();
  const toast = useToast();
  const client = useQueryClient();
  const [name, setName] = useState(account.name);
  const [mail, setMail] = useState(account.mail);
  const [language, setChosen] = useState(account.language);
  const [timeZone, setTimeZone] = useState(account.timeZone);
  const save = useCommand({
    mutationFn: async () =>
      await accessApi.profile({ name, mail, language: language as ProfileChange['language'] & string, timeZone }),
    onSuccess: (me) => {
      client.setQueryData(['me'], me);
      if (me.language === 'en' || me.language === 'ja') setLanguage(me.language);
      toast({ text: t('profile.saved'), tone: 'good' });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <section className="panel">
      <h2>{t('profile.about')}</h2>
      <form onSubmit={submit} className="form-grid" data-testid="profile-form">
        <TextInput
          label={t('users.name')}
          value={name}
          maxLength={128}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="profile-name"
        />
        <TextInput
          label={t('users.mail')}
          type="email"
          value={mail}
          maxLength={254}
          onChange={(event) => setMail(event.currentTarget.value)}
        />
        <Select
          label={t('users.language')}
          data={[
            { value: '', label: t('users.asBrowser') },
            { value: 'en', label: 'English' },
            { value: 'ja', label: '日本語' },
          ]}
          value={language}
          allowDeselect={false}
          onChange={(next) => setChosen(next ?? '')}
          data-testid="profile-language"
        />
        <TimeZoneSelect value={timeZone} onChange={setTimeZone} />
        <div className="wide">
          <Failed error={save.error} />
          <Button type="submit" loading={save.isPending} data-testid="profile-save">
            {t('filter.doSave')}
          </Button>
        </div>
      </form>
    </section>
  );
}

/** One's own account: who one is, the password, the second factor, tokens for programs. */
export function ProfilePage() {
  const { t } = useText();
  const { account } = useMe();
  if (account === undefined) return <Loader size="sm" />;
  return (
    <div className="cluster-page profile" data-testid="profile-page">
      <div className="page-head">
        <h1>{t('profile.title')}</h1>
        <span className="dim">
          {visible(account.login)} · {account.roles.join(', ')}
          {account.source !== 'local' && ` · ${account.source.toUpperCase()}`}
        </span>
      </div>
      <Identity key={`${account.name} ${account.mail} ${account.language} ${account.timeZone}`} account={account} />
      {account.source === 'local' && (
        <div className="profile-two">
          <section className="panel">
            <h2>{t('password.title')}</h2>
            <PasswordForm onDone={() => undefined} />
          </section>
          <TotpPanel account={account} />
        </div>
      )}
      <TokenPanel account={account} />
    </div>
  );
}
