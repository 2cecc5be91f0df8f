// Made from the comments of the controllers: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
/** What routes do, in a sentence. */
export const ROUTE_WORDS: Readonly<Record<string, string>> = {
  accessAudit: 'Newest first; on a Standby as far as it has replayed.',
  agentsAddToken: 'With it an agent joins. It is told here and never again.',
  agentsList: 'By id; who is connected, and as what they came.',
  agentsRevoke: 'Its certificate is good for nothing any more, and its connection ends. Its node stays.',
  agentsTokens: 'Newest first, without what they are.',
  authBeginTotp: 'Begins a second factor: nothing is asked for before it is confirmed.',
  calendarsDays: "Days on the calendar's own clock, and when it is open in them.",
  calendarsOpen: 'Whether it is open at a moment, why, and until when.',
  capacityMeasures: "Of the Standby's manager: how full its node is, signed with what both nodes know. The Master keeps it.",
  capacityShow: 'What fills up when, if all goes on as it did, and what to change; the most urgent first.',
  clusterFence:
    'Has the power of a node cut, and read back. The Master hands over first when it is meant itself. Answers when the order is committed; what became of it is `lastFence` of the status. /',
  clusterMaintenance:
    'Takes a node out on purpose, so that nobody is alarmed and nothing is started there, for a time that ends by itself; 0 minutes: it is back.',
  clusterPause: 'No automatic take-over for so long; 0 minutes: they go on. A Master that loses its lease stops all the same.',
  clusterRecover: 'Bring the node that is out back as Standby. Answers when the request is committed; progress is in the status.',
  eventStreamStream:
    'Server-sent events: `hello` {node, epoch, mode}; `events` {rows}, new ones and those that somebody changed, as they are now, oldest first; `lagging` {}: some were left out, since the client reads too slowly or was away for too long; the list has them. The `id` of the last one, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on. /',
  eventsChange: 'Confirms, unconfirms, comments on or gives away many at once. What is so already stays as it is.',
  eventsCounts: 'How many nobody has confirmed, by priority.',
  eventsList:
    'Newest first, in the order of storing; on a Standby as far as it has replayed. As a table (`format=csv`) at most `limit` of them, page after page.',
  eventsShow: 'With all that people did with it.',
  facilitiesResolve: 'Whose messages these would be: by address, then by host name. Several may be.',
  facilitiesTree: 'All scopes, each before those below it. Their nodes: /api/v1/settings/node?scope=ID.',
  ingestTrace:
    "One message's way from the socket to the row, as this node can tell it: its journal, its copy of the other node's, its database.",
  inventoryFind: 'Nodes by what they have, now or at a day: by name, then by node.',
  jobSessionsHistory: 'All that became of it, oldest first.',
  jobSessionsJob: 'One job of it with its nodes, and what they wrote.',
  jobSessionsList: 'Newest first; on a Standby as far as it has replayed.',
  jobSessionsOperate:
    'Does something with it, with one of its jobs, or with one node of a job; 409 with the reason where that is not possible now.',
  jobSessionsShow: 'With all its jobs: how they are, why, and what may be done with them.',
  jobStreamStream:
    'Server-sent events: `hello` {node, epoch, mode}; `sessions` {rows}, each that began or of which something changed, as it is now, at most once in each; `lagging` {}: some were left out, since the client reads too slowly or was away for too long; the list has them. The `id` of the last one, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on. /',
  jobsApprovals: 'What waits for an answer, of whoever it is asked.',
  jobsLink: 'Says something to jobs and triggers that wait for it. Under the same `id` it is said once.',
  jobsLinks: 'What was said, newest first.',
  jobsPlan: 'Runs to come, by the schedules of now: the next day when nothing is said. Those made beforehand have a session.',
  jobsQueues: 'Who has a place in a queue, and who waits for one there, or on a node.',
  jobsStart:
    'Begins a session by hand: of the whole unit, or of one of its jobs. Under the same `request` it is the same session.',
  jobsTry: 'When a schedule would be due next, whether a trigger has it or not.',
  messagesHistogram: 'How many of those that a search would find were received when; the last hour when no time is given.',
  messagesMessages:
    'Newest first; on a Standby as far as it has replayed. The probe token reads here, too: `yosugara messages` has no login, and who can read `secrets/pg-app` could read the table itself. As a table (`format=csv`) at most `limit` of them, page after page. /',
  mibsLookUp: 'What an OID is called, or which OID a name has.',
  mibsRemove: '409 while other modules import from it; they are named.',
  mibsSource: 'The text as it was uploaded.',
  mibsUpload:
    'Modules of the same name are replaced. What could not be understood is told with its line, and the rest of it counts.',
  monitorsTry:
    'Which rule decides about one line, why the others do not, and what would be told. Nothing is stored, nobody is told.',
  nodeInventoryChanges: 'What came, went and is other than it was between two times, newest first.',
  nodeInventoryCollect: 'Its agent looks now. What is as it was is not written again.',
  nodeInventoryItems: 'What it has, by kind and name of the thing, now or at a day.',
  nodeInventoryShow: 'When it was collected, how much there is of each kind, and what could not be looked at.',
  oidcBegin: 'To the provider. What must come back is in a cookie that only this cluster reads, so that either node goes on.',
  oidcFinish: 'From the provider, with a code.',
  overviewShow: 'What is wrong where, what runs, who does not answer, and how the manager itself is.',
  passTake: 'The session stays what it is in the database: one that has ended there lets nobody in.',
  probeWrite: '201 only when the key is committed on both nodes of the sync set and this node still was the Master then.',
  readRead:
    'Documents of a text, as `import` takes them: YAML of several, or CSV of nodes. Nothing is stored, and nothing checked but the form.',
  retentionCleanUp:
    'Deletes now what is older than it is kept, whatever the time of day; how far it is, is in `running` and in the runs.',
  retentionPreview: 'What would go if it were cleaned up now, with the days of the setting or with others.',
  retentionRuns: 'What clean-ups did, newest first: those that deleted something, failed, or were asked for.',
  secretsRotate: 'Encrypts all secrets by the newest key that all nodes have; how far it is, is in `pass`.',
  selfResults: "Of the Standby's manager: results of itself, signed with what both nodes know. The Master makes events of them.",
  selfShow: 'Every value that is watched on this node, the worst first.',
  settingsExport:
    'In pages, as `import` takes them; secrets are null, which leaves them as they are. Built-in scopes are no part of it.',
  settingsHistory: 'Newest first.',
  settingsImport: 'All of it or nothing. `dryRun`: what would be added, changed field by field, and removed.',
  settingsPart: 'Of an import that is too large for one request: checked now, done with `import`.',
  settingsPut: 'Secrets that are null or not there stay as they are; `""` removes one.',
  settingsRemove: '409 while others refer to it; they are named.',
  settingsSchema: "The JSON Schema of a kind's body; `writeOnly` marks secrets.",
  statusesSeries: 'What values are kept of.',
  statusesStatuses: 'The worst first.',
  statusesValues:
    'Of one series, or of several with commas between: mean, least and most of each step. The last day when no time is given. `step=1month`: of the months of UTC, whole ones at both ends; `stepMs` is then that of a mean month. /',
  streamStream:
    'Server-sent events: `hello` {node, epoch, mode} at the start and when one of them changes; `cluster`, the status, when it changes, at most 2/s; `messages` {rows, dropped}, new rows that pass the filter, oldest first, at most 4/s. /',
  tailTail:
    'Server-sent events: `hello` {node, epoch, mode}; `messages` {rows}, new rows that pass the filter, oldest first, at most 4/s; A row with `storedLate` was received more than a minute before it was stored. `lagging` {skipped, atLeast}: so many rows were left out, since the client reads too slowly or was away for too long; the search has them. The `id` of the last event, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on. /',
  takeOversLag: 'The most of each step, of each node.',
  takeOversList: 'Newest first, each with the recover that brought the old Master back.',
  tokensCreate: 'Of whoever asks, with roles of theirs. The secret is told here, and never again.',
  tokensList: "One's own; those of others for whoever may read accounts.",
  tokensRemove: 'It is good for nothing from now on.',
  tryOutMonitor: 'Looks now, whatever its calendar says: what is seen is stored, judged and told as of any look.',
  tryOutNotification:
    'Has it tell something, whatever its calendar and its counts say: by the outbox, marked as a test, and nothing is remembered of it.',
  usersChange: 'What is not said stays.',
  usersCreate: 'A local one; they must give themselves another password at the first login.',
  usersResetTotp: 'For whoever lost the telephone and the recovery codes.',
  usersUnlock: 'After too many wrong passwords.',
};
