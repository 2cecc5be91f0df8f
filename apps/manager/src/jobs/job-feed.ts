import { Inject, Injectable } from '@nestjs/common';
import type { Log } from '@yosugara/kernel';
import type { JobSessionRow } from '@yosugara/protocol';
import { type Look, PolledFeed } from '../http/polled-feed.js';
import { LOG } from '../tokens.js';
import { JobsHandle } from './jobs-handle.js';
import { sessionView } from './views.js';

/** Lines of history in one look. */
const PAGE = 2_000;

/** Sessions that begin or change, while somebody listens, up to a line of history. */
@Injectable()
export class JobFeed extends PolledFeed<JobSessionRow, number> {
  readonly #jobs: JobsHandle;

  constructor(@Inject(JobsHandle) jobs: JobsHandle, @Inject(LOG) log: Log) {
    super(log, 'jobs.notFollowed');
    this.#jobs = jobs;
  }

  protected async newest(): Promise<number> {
    return await this.#jobs.tables.newestLine();
  }

  protected async look(at: number): Promise<Look<JobSessionRow, number>> {
    const { rows, through } = await this.#jobs.tables.changedSince(at, PAGE);
    return { rows: rows.map(sessionView), through, isMore: through - at >= PAGE };
  }
}
