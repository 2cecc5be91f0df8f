import { CUSTOM_TARGETS } from './custom.js';
import { DOCUMENT_TARGETS } from './documents.js';
import { STREAM_TARGETS } from './streams.js';
import { SYSLOG_TARGETS } from './syslog.js';
import type { Target } from './target.js';
import { TRAP_TARGETS } from './traps.js';

export const TARGETS: readonly Target[] = [
  ...SYSLOG_TARGETS,
  ...TRAP_TARGETS,
  ...STREAM_TARGETS,
  ...CUSTOM_TARGETS,
  ...DOCUMENT_TARGETS,
];
