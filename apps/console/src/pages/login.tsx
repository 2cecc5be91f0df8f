import { Alert, Button, Paper, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { ApiError, api } from '../api/client.js';
import { elsewhere } from '../api/elsewhere.js';
import { Logo } from '../components/icons.js';
import { LanguageSwitch, SchemeSwitch } from '../components/shell.js';
import { useCommand } from '../components/use-command.js';
import { useText } from '../i18n/language.js';
import type { Translate } from '../i18n/translate.js';

/** The frame of everything that comes before the console itself. */
export function Gate({ children }: { readonly children: ReactNode }) {
  const { t } = useText();
  return (
    <div className="gate">
      <header className="gate-top">
        <LanguageSwitch />
        <SchemeSwitch />
      </header>
      <main className="gate-main">
        <div className="gate-brand">
          <Logo size={56} />
          <div>
            <h1>{t('app.title')}</h1>
            <p className="dim">{t('app.tagline')}</p>
          </div>
        </div>
        {children}
      </main>
    </div>
  );
}

const isWrongCode = (error: Error): boolean => error instanceof ApiError && error.code === 'TOTP_WRONG';
/** Login and password were right so far. */
const asksForCode = (error: Error): boolean =>
  error instanceof ApiError && (error.code === 'TOTP_REQUIRED' || isWrongCode(error));

function reasonOf(error: Error, t: Translate): string {
  if (error instanceof ApiError && error.code === 'TOTP_WRONG') return t('login.wrongCode');
  if (error instanceof ApiError && error.status === 401) return t('login.wrong');
  if (error instanceof ApiError && (error.status === 429 || error.status === 423)) return t('login.locked');
  return t('common.error', { message: error.message });
}

export function LoginPage() {
  const { t } = useText();
  const client = useQueryClient();
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  /** null: nobody has asked for it. */
  const [code, setCode] = useState<string | null>(null);
  // A Standby lets nobody in: where no address goes with the Master, the page goes.
  useEffect(() => elsewhere.start(false), []);
  const ways = useQuery({ queryKey: ['login', 'ways'], queryFn: ({ signal }) => api.loginWays(signal), staleTime: 60_000 });
  const entering = useCommand({
    mutationFn: async () => await api.login(login.trim(), password, code?.trim() || undefined),
    onSuccess: async () => await client.resetQueries({ queryKey: ['me'] }),
    onError: (error) => {
      if (asksForCode(error)) setCode('');
      else setPassword('');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (login.trim() !== '' && password !== '' && code !== '') entering.mutate();
  };
  const failure =
    entering.error !== null && !(asksForCode(entering.error) && !isWrongCode(entering.error)) ? entering.error : null;
  return (
    <Gate>
      <Paper withBorder p="xl" radius="md" shadow="sm" className="gate-card">
        <form onSubmit={submit} data-testid="login-form" aria-label={t('login.title')}>
          <Stack>
            <TextInput
              label={t('login.login')}
              name="login"
              autoComplete="username"
              autoFocus
              required
              withAsterisk={false}
              value={login}
              onChange={(event) => setLogin(event.currentTarget.value)}
              data-testid="login-name"
            />
            <PasswordInput
              label={t('login.password')}
              name="password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              data-testid="login-password"
            />
            {code !== null && (
              <TextInput
                label={t('login.code')}
                description={t('login.codeHint')}
                autoComplete="one-time-code"
                autoFocus
                maxLength={64}
                value={code}
                onChange={(event) => setCode(event.currentTarget.value)}
                data-testid="login-code"
              />
            )}
            {failure !== null && (
              <Alert color="red" role="alert" data-testid="login-error">
                {reasonOf(failure, t)}
              </Alert>
            )}
            <Button type="submit" loading={entering.isPending} fullWidth data-testid="login-submit">
              {t('login.submit')}
            </Button>
            {(ways.data?.oidc ?? []).map(({ id, name }) => (
              <Button
                key={id}
                component="a"
                href={`/api/v1/login/oidc/${encodeURIComponent(id)}`}
                variant="default"
                fullWidth
                data-testid="login-oidc"
              >
                {t('login.with', { name })}
              </Button>
            ))}
          </Stack>
        </form>
      </Paper>
    </Gate>
  );
}
