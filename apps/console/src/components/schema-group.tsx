import type { ReactNode } from 'react';

/** Fields that belong together, in a frame with their name. */
export function Group({
  label,
  help,
  error,
  testId,
  children,
}: {
  readonly label: string;
  readonly help?: string | undefined;
  readonly error?: string | undefined;
  readonly testId: string;
  readonly children: ReactNode;
}) {
  return (
    <fieldset className="form-group" data-testid={testId}>
      <legend>{label}</legend>
      {help !== undefined && <p className="field-help">{help}</p>}
      {error !== undefined && <p className="field-error">{error}</p>}
      {children}
    </fieldset>
  );
}
