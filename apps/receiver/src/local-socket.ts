import { join } from 'node:path';
import { explain, type Log } from '@yosugara/kernel';
import { AwayReadSchema, DamagedSchema, IngestedSchema, STATE_LAYOUT, type Watermark } from '@yosugara/protocol';
import { serveLines } from '@yosugara/receivers';
import { type CopySender, type DamagedRange, letGo } from '@yosugara/runtime';
import { answerRead } from './away.js';
import type { Journals } from './journals.js';
import type { Undo } from './undo.js';

export interface LocalSocketParts {
  readonly stateDir: string;
  readonly journals: Journals;
  readonly sender: CopySender;
  readonly watermark: () => Watermark;
  readonly mend: (range: DamagedRange) => void;
  readonly log: Log;
}

/** For the manager of this host: it is told how far the journals are, and says what it has stored, what is damaged, what it lacks. */
export async function serveLocal(
  { stateDir, journals, sender, watermark, mend, log }: LocalSocketParts,
  undo: Undo,
): Promise<{ broadcast(mark: Watermark): void }> {
  const { journal, copy } = journals;
  let dropping = Promise.resolve();
  const local = await serveLines(join(stateDir, STATE_LAYOUT.receiverSocket), {
    onOpen: (connection) => connection.send(watermark()),
    onDocument: (document, connection) => {
      const damage = DamagedSchema.safeParse(document);
      if (damage.success) return mend(damage.data.damaged);
      const asked = AwayReadSchema.safeParse(document);
      if (asked.success) return void answerRead(connection, sender, asked.data.read);
      const { ingested } = IngestedSchema.parse(document);
      dropping = dropping
        .then(() => letGo(watermark(), ingested, journal, copy))
        .catch((error: unknown) => log.warn('journal.not_dropped', { why: explain(error) }));
    },
  });
  undo.push(() => local.close());
  return local;
}
