import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { Status } from '@yosugara/protocol';
import { useState } from 'react';
import { api } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { switchoverTarget } from './cluster-model.js';
import { SwapIcon } from './icons.js';
import { MasterChanged, useOtherMaster } from './master-changed.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';

function SwitchoverDialog({ from, to, onClose }: { readonly from: string; readonly to: string; readonly onClose: () => void }) {
  const { t } = useText();
  const toast = useToast();
  const otherMaster = useOtherMaster();
  const going = useCommand({
    mutationFn: async () => await api.switchover({ to }),
    onSuccess: () => {
      toast({ text: t('switchover.started', { to }), tone: 'info' });
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('switchover.title', { to })}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack data-testid="switchover-dialog">
        <Text>{t('switchover.confirm', { from, to })}</Text>
        <MasterChanged master={otherMaster} />
        {going.error !== null && (
          <Alert color="red" role="alert">
            {t('common.error', { message: going.error.message })}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('common.cancel')}
          </Button>
          <Button
            disabled={otherMaster !== null}
            loading={going.isPending}
            onClick={() => going.mutate()}
            data-testid="switchover-confirm"
          >
            {t('switchover.go')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

export function Switchover({ status, mayAct }: { readonly status: Status; readonly mayAct: boolean }) {
  const { t } = useText();
  const [asked, setAsked] = useState<{ readonly from: string; readonly to: string } | null>(null);
  const to = switchoverTarget(status);
  const from = status.master;
  return (
    <>
      {to === null && <span className="dim small">{t('switchover.blocked')}</span>}
      <Button
        size="xs"
        variant="default"
        leftSection={<SwapIcon />}
        disabled={to === null || !mayAct}
        onClick={() => to !== null && from !== null && setAsked({ from, to })}
        data-testid="switchover-button"
      >
        {t('switchover.button')}
      </Button>
      {asked !== null && <SwitchoverDialog {...asked} onClose={() => setAsked(null)} />}
    </>
  );
}
