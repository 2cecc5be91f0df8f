import { Alert, Button, Group, Menu, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { END_STATUSES, type EndStatus, type JobOperation } from '@yosugara/protocol';
import { useState } from 'react';
import { jobsApi } from '../api/jobs.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { DIALOG_PARTS } from './dialog.js';
import { NoMasterNow } from './no-master.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';
import { useDraft } from './use-draft.js';
import { useMe } from './use-me.js';

const WITH_END: readonly JobOperation[] = ['skip', 'change-end', 'set-end', 'force-end'];
const USUAL_VALUES: Readonly<Record<EndStatus, number>> = { normal: 0, warning: 1, abnormal: -1 };

export interface OperateTarget {
  readonly session: string;
  /** null = the whole session. */
  readonly job: string | null;
  readonly operations: readonly JobOperation[];
}

/** What may be done now, each asked once more before it is done. */
export function OperateMenu({ target }: { readonly target: OperateTarget }) {
  const { t } = useText();
  const { may } = useMe();
  const [asked, setAsked] = useState<JobOperation | null>(null);
  const { job, operations } = target;
  if (!may('job', 'execute') && !may('job', 'approve')) return null;
  return (
    <>
      <Menu position="bottom-end" withinPortal withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Button
            size="compact-xs"
            variant="default"
            disabled={operations.length === 0}
            title={operations.length === 0 ? t('jobs.nothingPossible') : undefined}
            aria-label={t('jobs.operationsOf', { job: job ?? t('jobs.whole') })}
            data-testid={job === null ? 'session-operations' : 'job-operations'}
          >
            {t('jobs.operations')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {operations.map((operation) => (
            <Menu.Item key={operation} onClick={() => setAsked(operation)} data-testid={`operation-${operation}`}>
              {named(t, 'jobOperation', operation)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asked !== null && <OperateDialog target={target} operation={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

interface DialogProps {
  readonly target: OperateTarget;
  readonly operation: JobOperation;
  /** What is being answered. */
  readonly says?: string;
  readonly onClose: () => void;
}

export function OperateDialog({ target: { session, job }, operation, says, onClose }: DialogProps) {
  const { t } = useText();
  const toast = useToast();
  const client = useQueryClient();
  const [status, setStatus] = useState<EndStatus | null>(operation === 'skip' ? null : 'normal');
  // A take-over or a slip of the hand must not cost anybody a sentence.
  const { text: comment, change: setComment, drop } = useDraft(`operate ${session} ${job ?? ''} ${operation}`, '');
  const name = named(t, 'jobOperation', operation);
  const end = WITH_END.includes(operation) && status !== null ? { status, value: USUAL_VALUES[status] } : null;
  const doing = useCommand({
    mutationFn: async () => await jobsApi.operate(session, { operation, job, facility: null, end, comment }),
    onSuccess: () => {
      drop();
      toast({ text: t('jobs.done', { operation: name }), tone: 'good', testId: 'toast-operated' });
      onClose();
    },
    onSettled: async () => await client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('jobs.target', { operation: name, target: job ?? t('jobs.whole') })}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
      attributes={DIALOG_PARTS}
    >
      <Stack gap="sm" data-testid="operate-dialog">
        {doing.error !== null && (
          <Alert color="red" role="alert">
            {doing.error.message}
          </Alert>
        )}
        {WITH_END.includes(operation) && (
          <Select
            label={t('jobs.endStatus')}
            value={status}
            onChange={(value) => setStatus(END_STATUSES.find((each) => each === value) ?? null)}
            placeholder={t('jobs.asItSays')}
            clearable={operation === 'skip'}
            allowDeselect={false}
            data={END_STATUSES.map((each) => ({ value: each, label: t(`endStatus.${each}`) }))}
          />
        )}
        {says !== undefined && <p className="approval-sentence">{visible(says)}</p>}
        <TextInput
          label={t('jobs.comment')}
          value={comment}
          maxLength={1_024}
          data-autofocus
          data-testid="operate-comment"
          onChange={(event) => setComment(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && !event.nativeEvent.isComposing && !doing.isPending && doing.mutate()}
        />
        <NoMasterNow />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button onClick={() => doing.mutate()} loading={doing.isPending} data-testid="operate-do">
            {t('jobs.do')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
