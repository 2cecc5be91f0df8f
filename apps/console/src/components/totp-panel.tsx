import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { TotpBegun } from '@yosugara/protocol';
import { type FormEvent, useState } from 'react';
import { accessApi } from '../api/access.js';
import type { Me } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { Failed } from './failed.js';
import { Once } from './once.js';
import { QrCode } from './qr-code.js';
import { useCommand } from './use-command.js';

interface StepProps {
  readonly label: string;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onPassword: (password: string) => void;
}

function AskPassword({ label, isBusy, error, onPassword }: StepProps) {
  const { t } = useText();
  const [password, setPassword] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onPassword(password);
  };
  return (
    <form onSubmit={submit} className="inline-form">
      <PasswordInput
        label={t('password.current')}
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        data-testid="totp-password"
      />
      <Button type="submit" loading={isBusy} disabled={password === ''} data-testid="totp-begin">
        {label}
      </Button>
      <Failed error={error} />
    </form>
  );
}

function AskCode({
  begun,
  isBusy,
  error,
  onCode,
}: {
  readonly begun: TotpBegun;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onCode: (code: string) => void;
}) {
  const { t } = useText();
  const [code, setCode] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onCode(code.replace(/\s/g, ''));
  };
  return (
    <div className="totp-begun">
      <QrCode text={begun.uri} label={t('totp.qr')} />
      <form onSubmit={submit} className="dialog-form">
        <p>{t('totp.scan')}</p>
        <p>
          {t('totp.byHand')}{' '}
          <code className="breakable" data-testid="totp-secret">
            {begun.secret}
          </code>
        </p>
        <TextInput
          label={t('totp.code')}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={10}
          value={code}
          autoFocus
          onChange={(event) => setCode(event.currentTarget.value)}
          data-testid="totp-code"
        />
        <Failed error={error} />
        <Button type="submit" loading={isBusy} disabled={!/^\s*(\d\s*){6}$/.test(code)} data-testid="totp-confirm">
          {t('totp.confirm')}
        </Button>
      </form>
    </div>
  );
}

function Disable({ onDone }: { readonly onDone: () => Promise<void> }) {
  const { t } = useText();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const disable = useCommand({ mutationFn: async () => await accessApi.disableTotp(password, code.trim()), onSuccess: onDone });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    disable.mutate();
  };
  return (
    <form onSubmit={submit} className="inline-form">
      <PasswordInput
        label={t('password.current')}
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <TextInput
        label={t('totp.codeOrRecovery')}
        autoComplete="one-time-code"
        value={code}
        maxLength={64}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      <Button
        type="submit"
        color="red"
        variant="light"
        loading={disable.isPending}
        disabled={password === '' || code.trim().length < 6}
        data-testid="totp-disable"
      >
        {t('totp.disable')}
      </Button>
      <Failed error={disable.error} />
    </form>
  );
}

/** The second factor: begun with the password, shown as a QR code, confirmed with a code. */
export function TotpPanel({ account }: { readonly account: Me }) {
  const { t } = useText();
  const client = useQueryClient();
  const [recovery, setRecovery] = useState<readonly string[] | null>(null);
  const begin = useCommand({ mutationFn: accessApi.beginTotp });
  const fresh = async () => await client.invalidateQueries({ queryKey: ['me'] });
  const confirm = useCommand({
    mutationFn: accessApi.confirmTotp,
    onSuccess: async ({ recoveryCodes }) => {
      setRecovery(recoveryCodes);
      begin.reset();
      await fresh();
    },
  });
  return (
    <section className="panel" data-testid="totp-panel">
      <h2>{t('totp.title')}</h2>
      <p className="dim">{t(account.totp ? 'totp.isOn' : 'totp.isOff', { left: account.recoveryCodesLeft })}</p>
      {recovery !== null && <Once title={t('totp.recovery')} secret={recovery.join('\n')} testId="recovery-codes" />}
      {account.totp && <Disable onDone={fresh} />}
      {!account.totp && begin.data === undefined && (
        <AskPassword
          label={t('totp.begin')}
          isBusy={begin.isPending}
          error={begin.error}
          onPassword={(password) => begin.mutate(password)}
        />
      )}
      {!account.totp && begin.data !== undefined && (
        <AskCode begun={begin.data} isBusy={confirm.isPending} error={confirm.error} onCode={(code) => confirm.mutate(code)} />
      )}
    </section>
  );
}
