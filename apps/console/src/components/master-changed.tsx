import { Alert } from '@mantine/core';
import { useState } from 'react';
import { useCluster } from '../api/live.js';
import { useText } from '../i18n/language.js';
import { otherMaster } from './cluster-model.js';

/**
 * Who is Master now, where that is somebody else than when this was first drawn. What was asked of one Master may mean the opposite to the next.
 */
export function useOtherMaster(): string | null {
  const { status } = useCluster();
  const [before] = useState(status?.master ?? null);
  return otherMaster(before, status?.master ?? null);
}

/** Says it in a dialog that was open over a take-over: what stands in it was asked before. */
export function MasterChanged({ master }: { readonly master: string | null }) {
  const { t } = useText();
  if (master === null) return null;
  return (
    <Alert color="yellow" role="alert" data-testid="master-changed">
      {t('switchover.masterChanged', { master })}
    </Alert>
  );
}
