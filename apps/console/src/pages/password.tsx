import { Alert, Button, Modal, Paper, PasswordInput, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client.js';
import { useToast } from '../components/toasts.js';
import { useCommand } from '../components/use-command.js';
import { useText } from '../i18n/language.js';
import { Gate } from './login.js';

/** A floor for the typing; the manager has the last word. */
const MIN_CHARS = 10;

export function PasswordForm({ onDone }: { readonly onDone: () => void }) {
  const { t } = useText();
  const toast = useToast();
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const changing = useCommand({
    mutationFn: async () => await api.changePassword(current, next),
    onSuccess: async () => {
      toast({ text: t('password.done'), tone: 'good' });
      onDone();
      await client.invalidateQueries({ queryKey: ['me'] });
    },
  });
  const short = next !== '' && next.length < MIN_CHARS;
  const same = next !== '' && next === current;
  const differ = again !== '' && again !== next;
  const ready = current !== '' && next !== '' && again === next && !short && !same;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) changing.mutate();
  };
  return (
    <form onSubmit={submit} data-testid="password-form" aria-label={t('password.title')}>
      <Stack>
        <PasswordInput
          label={t('password.current')}
          autoComplete="current-password"
          data-testid="password-current"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('password.next')}
          autoComplete="new-password"
          data-testid="password-next"
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          error={short ? t('password.short', { min: MIN_CHARS }) : same ? t('password.same') : undefined}
        />
        <PasswordInput
          label={t('password.again')}
          autoComplete="new-password"
          data-testid="password-again"
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          error={differ ? t('password.differ') : undefined}
        />
        {changing.error !== null && (
          <Alert color="red" role="alert">
            {t('common.error', { message: changing.error.message })}
          </Alert>
        )}
        <Button type="submit" disabled={!ready} loading={changing.isPending} data-testid="password-submit">
          {t('password.submit')}
        </Button>
      </Stack>
    </form>
  );
}

export function PasswordDialog({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useText();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('password.title')}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <PasswordForm onDone={onClose} />
    </Modal>
  );
}

export function FirstPasswordPage() {
  const { t } = useText();
  return (
    <Gate>
      <Paper withBorder p="xl" radius="md" shadow="sm" className="gate-card">
        <Alert color="indigo" mb="md">
          {t('password.first')}
        </Alert>
        <PasswordForm onDone={() => undefined} />
      </Paper>
    </Gate>
  );
}
