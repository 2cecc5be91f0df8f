/** Texts of what fills up when. */
export const capacityEn = {
  'capacity.title': 'Capacity',
  'capacity.onlyFilling': 'Only what fills up or is nearly full',
  'capacity.notYet': 'Nothing was measured yet: the first values come a minute after the start, the first forecast after twelve.',
  'capacity.noneFills': 'Nothing fills up, and nothing is nearly full.',
  'capacity.ofCluster': 'cluster',
  'capacity.what': 'What',
  'capacity.use': 'Used',
  'capacity.course': 'Last hours',
  'capacity.when': 'Full',
  'capacity.confidence': 'How sure',
  'capacity.now': 'full now',
  'capacity.in': 'full in {time}',
  'capacity.notWithin': 'not within {time}',
  'capacity.never': 'never at this rate',
  'capacity.unknown': '–',
  'capacity.sure.low': 'not sure',
  'capacity.sure.medium': 'fairly sure',
  'capacity.sure.high': 'sure',
  'capacity.history': '{name}: the last hours',
  'capacity.between': 'Full between',
  'capacity.perDay': 'Grows a day',
  'capacity.peak': 'The most',
  'capacity.seen': 'By the history of',
  'capacity.todo': 'What to change',
  'capacity.graph': 'Graph',
  'capacity.openGraph': 'open as a graph',
  'capacityOf.disk': 'Volume',
  'capacityOf.files': 'Files of the volume',
  'capacityOf.journal': 'Journal',
  'capacityOf.waiting-messages': 'Messages not stored yet',
  'capacityOf.ingest-rate': 'Messages stored in a second',
  'capacityOf.wal': 'WAL on the disk',
  'capacityOf.wal-slot': 'WAL held for',
  'capacityOf.wal-archive': 'WAL that waits for the backup repository',
  'capacityOf.database': 'Tables',
  'capacityOf.connections': 'Connections to PostgreSQL',
  'capacityOf.job-queue': 'Job queue',
  'capacityOf.job-wait': 'Longest wait for a place in a queue',
  'capacityOf.agents': 'Agents connected',
  'capacityOf.outbox': 'Notifications that wait',
  'capacityAdvice.disk':
    'Make the volume larger, or keep less: the page Retention says what takes the room and how long it is kept.',
  'capacityAdvice.files': 'Look for a folder with very many small files, or make the file system anew with more inodes.',
  'capacityAdvice.journal':
    'It is drained by ingest and by the other node: look why they are behind. For a longer break raise receiver.maxJournalMb, with as much room on the volume.',
  'capacityAdvice.waiting-messages':
    'Ingest does not keep up: a quicker disk for PostgreSQL, or fewer messages (page Receiving).',
  'capacityAdvice.ingest-rate':
    'The limit is the most that was stored while messages waited. A quicker disk for PostgreSQL, messages.textIndex: none, or fewer messages.',
  'capacityAdvice.wal': 'A node that is away, an archive that does not answer, or a slot of a stranger holds it.',
  'capacityAdvice.wal-slot':
    'Bring that node back before its WAL is given up: afterwards it is copied anew as a whole. Or widen the line to it.',
  'capacityAdvice.wal-archive':
    'Look why the repository does not answer, or raise backup.maxWaitingWalMb, with as much room on the volume.',
  'capacityAdvice.database': 'Keep less of it: the page Retention has a number of days for each kind.',
  'capacityAdvice.connections':
    'Use a pooler for programs of your own, or raise max_connections in postgresql.conf, on the Standby first.',
  'capacityAdvice.job-queue':
    'Raise the concurrency of the queue where its nodes bear it, its capacity to let more wait, or spread the starts.',
  'capacityAdvice.job-wait': 'As of the job queue.',
  'capacityAdvice.agents': 'One Master takes no more: a second cluster for part of the hosts, or monitors without agents.',
  'capacityAdvice.outbox':
    'Look whether who takes them answers; when monitors tell too much, raise initialCount of the notification.',
} as const;

export type CapacityKey = keyof typeof capacityEn;
