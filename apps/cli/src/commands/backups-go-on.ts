import type { Repository } from '@yosugara/host-control/backup';
import { explain } from '@yosugara/kernel';

/**
 * The repository knows the database by identifier and version, and takes nothing of another one: it goes on with that which lies here now.
 * @returns why it does not; null: it does.
 */
export async function backupsGoOn(repository: Repository): Promise<string | null> {
  try {
    await repository.goOn();
    return null;
  } catch (error) {
    return explain(error);
  }
}
