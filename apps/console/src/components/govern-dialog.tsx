import { Alert, Button, Group, Modal, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { CLUSTER_KEY } from '../api/live.js';
import { useText } from '../i18n/language.js';
import { MasterChanged, useOtherMaster } from './master-changed.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';

/** Something is asked of the cluster: what was refused is said here, and what was accepted closes it. */
export function GovernDialog({
  title,
  go,
  mayGo,
  onGo,
  onClose,
  isGrave = false,
  children,
}: {
  readonly title: string;
  readonly go: string;
  readonly mayGo: boolean;
  readonly onGo: () => Promise<unknown>;
  readonly onClose: () => void;
  /** It cannot be taken back. */
  readonly isGrave?: boolean;
  readonly children: ReactNode;
}) {
  const { t } = useText();
  const client = useQueryClient();
  const toast = useToast();
  const otherMaster = useOtherMaster();
  const going = useCommand({
    mutationFn: onGo,
    onSuccess: () => {
      toast({ text: t('govern.accepted'), tone: 'info' });
      void client.invalidateQueries({ queryKey: CLUSTER_KEY });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={title} centered closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Stack data-testid="govern-dialog">
        {children}
        <MasterChanged master={otherMaster} />
        {going.error !== null && (
          <Alert color="red" role="alert">
            {t('common.error', { message: going.error.message })}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button
            {...(isGrave ? { color: 'red' } : {})}
            disabled={!mayGo || otherMaster !== null}
            loading={going.isPending}
            onClick={() => going.mutate()}
            data-testid="govern-go"
          >
            {go}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
