import { type UseMutationOptions, type UseMutationResult, useMutation } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { Presses } from './presses.js';

/** How often the click that is being handled was repeated, as the browser counts them: 2 is the second of a double click. */
let clicks = 0;
document.addEventListener(
  'click',
  ({ detail }) => {
    clicks = detail;
    // A key that is pressed later is no click.
    setTimeout(() => {
      clicks = 0;
    });
  },
  true,
);

/** How a press begins. @returns what is to be called at its end; null: it is no press of its own. */
export function usePresses(): (what: unknown) => (() => void) | null {
  const [presses] = useState(() => new Presses());
  return useCallback((what) => presses.begin(what, clicks > 1), [presses]);
}

export type Command<Data, Variables> = Omit<UseMutationResult<Data, Error, Variables>, 'mutate' | 'mutateAsync'> & {
  readonly mutate: (variables: Variables) => void;
};

/** What a button does that writes: pressed twice it is done once, and said once. */
export function useCommand<Data = unknown, Variables = void>(
  options: UseMutationOptions<Data, Error, Variables>,
): Command<Data, Variables> {
  const begin = usePresses();
  const mutation = useMutation(options);
  const { mutateAsync } = mutation;
  const mutate = useCallback(
    (variables: Variables) => {
      const end = begin(variables);
      if (end === null) return;
      // What fails is told by `error` and `onError`.
      void mutateAsync(...([variables] as Parameters<typeof mutateAsync>)).then(end, end);
    },
    [begin, mutateAsync],
  );
  return { ...mutation, mutate };
}
