import { Alert, Button, Checkbox, Group, Loader, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { RecoverPlan as Plan } from '@yosugara/protocol';
import { useState } from 'react';
import { api } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { RecoverPlan } from './recover-plan.js';
import { Said } from './said.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';

/** Overcome by an operator's word only: what a node holds on a timeline that nobody here knows. */
const GIVES_UP: readonly string[] = ['AHEAD_UNKNOWN', 'FOREIGN_SYSTEM'];

const mayBegin = (plan: Plan | null): boolean => plan === null || plan.refusals.length === 0;

function Answer({ answer }: { readonly answer: { readonly message: string; readonly plan: Plan | null } }) {
  if (answer.plan !== null) return <RecoverPlan plan={answer.plan} />;
  return <Said text={answer.message} />;
}

/** Asked when it opens, and again on demand; nothing is changed by asking. */
function usePlan(node: string) {
  const [discardUnknown, setDiscardUnknown] = useState(false);
  const [asksToGiveUp, setAsksToGiveUp] = useState(false);
  const checking = useQuery({
    queryKey: ['recover-plan', node, discardUnknown],
    queryFn: async () => {
      const answer = await api.recover({ node, dryRun: true, discardUnknown });
      if (answer.plan?.refusals.some(({ code }) => GIVES_UP.includes(code)) === true) setAsksToGiveUp(true);
      return answer;
    },
    ...{ gcTime: 0, retry: false, refetchOnWindowFocus: false },
  });
  return { checking, discardUnknown, setDiscardUnknown, asksToGiveUp };
}

function Asking() {
  const { t } = useText();
  return (
    <Group gap="sm">
      <Loader size={18} aria-hidden="true" />
      <Text>{t('plan.asking')}</Text>
    </Group>
  );
}

interface ChoicesProps {
  readonly mayGo: boolean;
  readonly isChecking: boolean;
  readonly isGoing: boolean;
  readonly onCancel: () => void;
  readonly onCheck: () => void;
  readonly onGo: () => void;
}

function Choices({ mayGo, isChecking, isGoing, onCancel, onCheck, onGo }: ChoicesProps) {
  const { t } = useText();
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onCancel} data-autofocus>
        {t('common.cancel')}
      </Button>
      <Button variant="light" loading={isChecking} onClick={onCheck} data-testid="recover-check">
        {t('recover.check')}
      </Button>
      <Button loading={isGoing} disabled={!mayGo} onClick={onGo} data-testid="recover-confirm">
        {t('recover.go')}
      </Button>
    </Group>
  );
}

/** What would be done is there to be read before anything is done. */
export function RecoverDialog({ node, onClose }: { readonly node: string; readonly onClose: () => void }) {
  const { t } = useText();
  const toast = useToast();
  const { checking, discardUnknown, setDiscardUnknown, asksToGiveUp } = usePlan(node);
  const going = useCommand({
    mutationFn: async () => await api.recover({ node, discardUnknown }),
    onSuccess: () => {
      toast({ text: t('recover.started', { node }), tone: 'info' });
      onClose();
    },
  });
  const error = going.error ?? checking.error;
  const answer = checking.data;
  const title = t('recover.confirmTitle', { node });
  return (
    <Modal opened onClose={onClose} title={title} centered size="xl" closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Stack data-testid="recover-dialog">
        <Text>{t('recover.confirm', { node })}</Text>
        <div aria-live="polite" aria-busy={checking.isFetching}>
          {answer === undefined && checking.isFetching && <Asking />}
          {answer !== undefined && <Answer answer={answer} />}
        </div>
        {asksToGiveUp && (
          <Checkbox
            checked={discardUnknown}
            onChange={(event) => setDiscardUnknown(event.currentTarget.checked)}
            label={t('plan.giveUp', { node })}
            data-testid="recover-give-up"
          />
        )}
        {error !== null && (
          <Alert color="red" role="alert">
            {t('common.error', { message: error.message })}
          </Alert>
        )}
        <Choices
          mayGo={answer !== undefined && mayBegin(answer.plan)}
          isChecking={checking.isFetching}
          isGoing={going.isPending}
          onCancel={onClose}
          onCheck={() => void checking.refetch()}
          onGo={() => going.mutate()}
        />
      </Stack>
    </Modal>
  );
}
