import { Button } from '@mantine/core';
import type { ReactNode } from 'react';

/** What a list that is read page by page tells of itself. */
export interface Paged {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  fetchNextPage(): Promise<unknown>;
}

/** The button under a list that goes on; nothing when it does not. */
export function MorePages({
  of,
  testId,
  children,
}: {
  readonly of: Paged;
  readonly testId?: string;
  readonly children: ReactNode;
}) {
  if (!of.hasNextPage) return null;
  return (
    <Button
      variant="default"
      size="xs"
      loading={of.isFetchingNextPage}
      onClick={() => void of.fetchNextPage()}
      data-testid={testId}
    >
      {children}
    </Button>
  );
}
