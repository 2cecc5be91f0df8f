import { addAgents } from './agents.js';
import { addBackup } from './backup.js';
import { addCalendars } from './calendars.js';
import type { AddVerbs } from './context.js';
import { addEvents } from './events.js';
import { addFiles } from './files.js';
import { addGoverning } from './governing.js';
import { addIngest } from './ingest.js';
import { addInit } from './init.js';
import { addJobs } from './jobs.js';
import { addJournals } from './journals.js';
import { addMasters } from './masters.js';
import { addMessages } from './messages.js';
import { addMibs } from './mib.js';
import { addNodes, addScopes } from './nodes.js';
import { addRecover } from './recover.js';
import { addSelf } from './self.js';
import { addStatus } from './status.js';

/** All groups of verbs, in the order of the help. A new one is a file here and a line in this list. */
export const VERBS: readonly AddVerbs[] = [
  addStatus,
  addRecover,
  addMasters,
  addGoverning,
  addSelf,
  addBackup,
  addMessages,
  addIngest,
  addJournals,
  addMibs,
  addEvents,
  addNodes,
  addScopes,
  addFiles,
  addCalendars,
  addJobs,
  addAgents,
  addInit,
];
