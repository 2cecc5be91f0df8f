import { TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';

/** Longer than between two letters of whoever types on, shorter than anybody waits for. */
const TYPING_MS = 100;

interface TypedProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly testId: string;
  readonly className: string;
}

/** A field whose value is taken over when the typing pauses, or at once with Enter. */
export function Typed({ label, placeholder, value, onValue, testId, className }: TypedProps) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string, afterMs: number) => {
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onValue(next), afterMs);
  };
  return (
    <TextInput
      size="xs"
      className={className}
      label={label}
      placeholder={placeholder}
      value={typed}
      maxLength={256}
      data-testid={testId}
      onChange={(event) => change(event.currentTarget.value, TYPING_MS)}
      onKeyDown={(event) => event.key === 'Enter' && change(event.currentTarget.value, 0)}
    />
  );
}
