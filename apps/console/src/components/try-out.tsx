import { Alert, Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';

interface TryOutProps {
  readonly testId: string;
  /** What it is asked with. */
  readonly asks: ReactNode;
  readonly go: string;
  readonly explain: string;
  readonly mayGo: boolean;
  readonly command: { readonly isPending: boolean; readonly error: Error | null; readonly mutate: () => void };
  /** What came of it. */
  readonly children: ReactNode;
}

/** Something that is stored, tried out by hand. */
export function TryOut({ testId, asks, go, explain, mayGo, command, children }: TryOutProps) {
  return (
    <div className="try-out" data-testid={testId}>
      <Group gap="xs" align="end">
        {asks}
        <Button
          size="xs"
          variant="default"
          disabled={!mayGo}
          loading={command.isPending}
          onClick={() => command.mutate()}
          data-testid={`${testId}-go`}
        >
          {go}
        </Button>
      </Group>
      <p className="dim small">{explain}</p>
      {command.error !== null && (
        <Alert color="red" role="alert">
          {command.error.message}
        </Alert>
      )}
      {children}
    </div>
  );
}
