import { InvalidInputError } from '@yosugara/kernel';
import { DatabaseUnavailableError } from '@yosugara/store';

/** Deadlines and lost connections of the repositories, which sort them less finely than `Connections`. */
export const asUnavailable = (error: unknown): unknown =>
  error instanceof InvalidInputError || error instanceof DatabaseUnavailableError ? error : new DatabaseUnavailableError(error);

export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  return await work.catch((error: unknown) => {
    throw asUnavailable(error);
  });
}
