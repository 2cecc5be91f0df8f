import { Alert, Button, Group, Loader, Modal, Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { CleanUpPreview, CleanUpQuestion, Retained } from '@yosugara/protocol';
import { upkeepApi } from '../api/upkeep.js';
import { bytes, integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Failed } from './failed.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';

const MOST_PARTS = 6;

const isFound = ({ rows, parts }: CleanUpPreview['kinds'][number]): boolean => rows > 0 || parts.length > 0;

function Found({ preview }: { readonly preview: CleanUpPreview }) {
  const { t, language } = useText();
  const found = preview.kinds.filter(isFound);
  if (found.length === 0) return <p data-testid="clean-up-nothing">{t('retention.nothing')}</p>;
  return (
    <ul className="clean-up-list" data-testid="clean-up-found">
      {found.map(({ kind, days, rows, isAbout, isMore, parts, bytes: size }) => {
        const count = integer(rows, language);
        const words = isMore ? t('retention.moreThan', { count }) : isAbout ? t('retention.about', { count }) : count;
        const named = parts.slice(0, MOST_PARTS).join(', ');
        return (
          <li key={kind} data-kind={kind}>
            <strong>{t(`kept.${kind}`)}</strong> <span className="dim">{t('retention.older', { days })}</span>
            {': '}
            {t('retention.rowsOf', { count: words })}
            {parts.length > 0 && `; ${t('retention.parts', { parts: named })}`}
            {parts.length > MOST_PARTS && ` ${t('retention.partsMore', { count: parts.length - MOST_PARTS })}`}
            {size !== null && size > 0 && ` (${bytes(size)})`}
          </li>
        );
      })}
    </ul>
  );
}

/** What would go; and, of what is saved, the button that lets it go. `tried`: days as they are typed. */
export function CleanUpDialog({
  kinds,
  tried,
  onClose,
}: {
  readonly kinds: readonly Retained[];
  readonly tried: CleanUpQuestion['days'] | null;
  readonly onClose: () => void;
}) {
  const { t } = useText();
  const toast = useToast();
  const client = useQueryClient();
  const preview = useQuery({
    queryKey: ['clean-up-preview', kinds, tried],
    queryFn: () => upkeepApi.preview({ kinds: [...kinds], ...(tried === null ? {} : { days: tried }) }),
    staleTime: 0,
    gcTime: 0,
  });
  const isNothing = preview.data?.kinds.some(isFound) === false;
  const going = useCommand({
    mutationFn: async () => await upkeepApi.cleanUp(kinds),
    onSuccess: () => {
      toast({ text: t('retention.started'), tone: 'info' });
      void client.invalidateQueries({ queryKey: ['retention'] });
      onClose();
    },
  });
  const [only] = kinds;
  const title =
    kinds.length === 1 && only !== undefined
      ? t('retention.cleanUpOf', { kind: t(`kept.${only}`) })
      : t('retention.cleanUpTitle');
  return (
    <Modal
      opened
      onClose={onClose}
      title={tried === null ? title : t('retention.previewDraft')}
      centered
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack data-testid="clean-up-dialog">
        {!isNothing && <p>{t(tried === null ? 'retention.wouldGo' : 'retention.wouldGoTried')}</p>}
        {preview.isPending && (
          <p role="status">
            <Loader size="xs" /> {t('retention.looking')}
          </p>
        )}
        {preview.data !== undefined && <Found preview={preview.data} />}
        <Failed error={preview.error ?? going.error} />
        {tried !== null && <Alert color="yellow">{t('retention.unsavedFirst')}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t(tried === null ? 'common.cancel' : 'common.close')}
          </Button>
          {tried === null && (
            <Button
              color="red"
              disabled={preview.data === undefined || isNothing}
              loading={going.isPending}
              onClick={() => going.mutate()}
              data-testid="clean-up-go"
            >
              {t('retention.delete')}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
