import { Alert, Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { MibUploaded } from '@yosugara/protocol';
import { useRef } from 'react';
import { api } from '../api/client.js';
import { isTooLarge, mibBatches, mibTextOf } from '../api/mib-files.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { UploadIcon } from './icons.js';
import { MibProblems } from './mib-detail.js';
import { useCommand } from './use-command.js';

type Refused = MibUploaded['refused'];

async function uploadAll(files: readonly File[]): Promise<{ readonly modules: number; readonly refused: Refused }> {
  const refused: Refused[number][] = [];
  const texts: { name: string; text: string }[] = [];
  for (const file of files)
    if (isTooLarge(file))
      refused.push({ file: file.name, problems: [{ line: 1, severity: 'error', message: 'too large to be a MIB module' }] });
    else texts.push({ name: file.name, text: mibTextOf(new Uint8Array(await file.arrayBuffer())) });
  const modules = new Set<string>();
  for (const batch of mibBatches(texts)) {
    const done = await api.uploadMibs(batch);
    for (const { name } of done.modules) modules.add(name);
    refused.push(...done.refused);
  }
  return { modules: modules.size, refused };
}

/** Chooses files, sends them, and says what was not taken. */
export function MibUpload({ mayAct }: { readonly mayAct: boolean }) {
  const { t } = useText();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const sending = useCommand({
    mutationFn: uploadAll,
    onSettled: async () => await client.invalidateQueries({ queryKey: ['mibs'] }),
  });
  const chosen = (files: FileList | null) => {
    if (files !== null && files.length > 0) sending.mutate([...files]);
    // The same file again is another choice.
    if (input.current !== null) input.current.value = '';
  };
  return (
    <>
      <div className="page-head">
        <h1>{t('mibs.title')}</h1>
        <span className="grow" />
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label={t('mibs.upload')}
          data-testid="mib-files"
          onChange={(event) => chosen(event.currentTarget.files)}
        />
        <Button
          size="xs"
          leftSection={<UploadIcon />}
          disabled={!mayAct}
          loading={sending.isPending}
          onClick={() => input.current?.click()}
          data-testid="mib-upload"
        >
          {t('mibs.upload')}
        </Button>
      </div>
      {sending.error !== null && (
        <Alert color="red" role="alert">
          {t('common.error', { message: sending.error.message })}
        </Alert>
      )}
      {sending.data !== undefined && (
        <Alert
          color={sending.data.refused.length > 0 ? 'yellow' : 'teal'}
          role="status"
          data-testid="mib-uploaded"
          withCloseButton
          closeButtonLabel={t('common.close')}
          onClose={sending.reset}
          title={t('mibs.uploaded', { count: sending.data.modules })}
        >
          {sending.data.refused.map(({ file, problems }) => (
            <div key={file}>
              <strong>{t('mibs.refused', { file: visible(file) })}</strong>
              <MibProblems problems={problems} />
            </div>
          ))}
        </Alert>
      )}
    </>
  );
}
