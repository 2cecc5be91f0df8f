import { addAccount } from './account.js';
import { addAgents } from './agents.js';
import { addAudit } from './audit.js';
import { addBackup } from './backup.js';
import { addCalendars } from './calendars.js';
import { addCapacity } from './capacity.js';
import { addCertificates } from './certificates.js';
import { addCompletion } from './completion.js';
import type { AddVerbs } from './context.js';
import { addEvents } from './events.js';
import { addFiles } from './files.js';
import { addGoverning } from './governing.js';
import { addGraphs } from './graphs.js';
import { addIngest } from './ingest.js';
import { addInit } from './init.js';
import { addJobs } from './jobs.js';
import { addJournals } from './journals.js';
import { addMasters } from './masters.js';
import { addMembers } from './members.js';
import { addMessages } from './messages.js';
import { addMibs } from './mib.js';
import { addMonitors } from './monitors.js';
import { addNodes, addScopes } from './nodes.js';
import { addNotifications } from './notifications.js';
import { addOverview } from './overview.js';
import { addRecover } from './recover.js';
import { addRetention } from './retention.js';
import { addRoles } from './roles.js';
import { addRunbook } from './runbook.js';
import { addSecretKeys } from './secret-keys.js';
import { addSelf } from './self.js';
import { addSettings } from './settings.js';
import { addStatus } from './status.js';
import { addTakeOvers } from './take-overs.js';
import { addTokens } from './tokens.js';
import { addUpgrade } from './upgrade.js';
import { addUsers } from './users.js';
import { addVersion } from './version.js';

/** All groups of verbs, in the order of the help. A new one is a file here and a line in this list. */
export const VERBS: readonly AddVerbs[] = [
  addStatus,
  addRunbook,
  addOverview,
  addRecover,
  addMasters,
  addGoverning,
  addCertificates,
  addTakeOvers,
  addUpgrade,
  addVersion,
  addSelf,
  addCapacity,
  addBackup,
  addMessages,
  addIngest,
  addJournals,
  addMibs,
  addEvents,
  addNodes,
  addScopes,
  addFiles,
  addSettings,
  addRetention,
  addSecretKeys,
  addMonitors,
  addNotifications,
  addGraphs,
  addCalendars,
  addJobs,
  addAgents,
  addAccount,
  addUsers,
  addRoles,
  addTokens,
  addAudit,
  addCompletion,
  addInit,
  addMembers,
];
