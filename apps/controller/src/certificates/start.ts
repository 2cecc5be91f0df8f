import { takeUpCertificates } from '@yosugara/host-control';
import { explain, type Log } from '@yosugara/kernel';
import type { AgentsTrust, NodeConfig, Status } from '@yosugara/protocol';
import type { MemberMailbox } from '@yosugara/transport';
import { CertificateAlarms } from './alarms.js';
import { CertificateDesk } from './desk.js';
import { followIdentities } from './identities.js';
import { CertificateKeeper, isOld } from './keeper.js';
import { MAKER_IN_CHILD, type Maker } from './maker.js';
import { certificatesIn, type Own } from './own-files.js';

const DAY_MS = 24 * 3_600_000;
/** A life is looked at so many times, but neither more often than each second nor less than each minute. */
const LOOKS = 60;
/** Of members, in the configuration. */
const IDENTITIES_MS = 1_000;
/** An authority is made so long before its time, so that hosts whose clocks differ believe it. */
const BACKDATE_MS = DAY_MS;

export interface CertificateParts {
  readonly config: NodeConfig;
  /** Where the configuration stands. */
  readonly file: string;
  readonly mailbox: Pick<MemberMailbox, 'ask' | 'onAsk' | 'banish' | 'know'>;
  readonly log: Log;
  /** This node serves as the Master: it is the one that replaces the authority when that grows old. */
  readonly isMaster: () => boolean;
  /** As the manager of this node told last. */
  readonly agents: () => AgentsTrust | null;
  readonly maker?: Maker;
}

export interface Certificates {
  readonly desk: CertificateDesk;
  /** The status, with what is to be known of certificates. */
  told(status: Status): Status;
  stop(): void;
}

/** From here on certificates of this member look after themselves. Before the mailbox starts: who was revoked stays out. */
export async function startCertificates({
  config,
  file,
  mailbox,
  log,
  isMaster,
  agents,
  maker = MAKER_IN_CHILD,
}: CertificateParts): Promise<Certificates> {
  const self = config.cluster.members.find(({ id }) => id === config.node)!;
  const wallMs = () => Date.now();
  const keeper = new CertificateKeeper({
    ...{ config, mailbox, maker, log, wallMs },
    agents: () => (isMaster() ? agents() : null),
    onChange: async () => {
      if (self.kind !== 'witness') await takeUpCertificates(config);
    },
  });
  const desk = new CertificateDesk({ ...{ node: config.node, clusterId: config.cluster.id, keeper, maker, wallMs } });
  await keeper.start();
  const takeUpIdentities = followIdentities({ config, file, mailbox, log, onChange: () => keeper.identitiesChanged() });

  const alarms = new CertificateAlarms();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const everyMs = Math.min(60_000, Math.max(1_000, (config.cluster.certificates.lifeDays * DAY_MS) / LOOKS));
  const mayIssue = ({ next }: Own): boolean => {
    const [made] = next === null ? [] : certificatesIn(next.certificate);
    const sinceMs = made === undefined ? 0 : made.validFromDate.getTime() + BACKDATE_MS;
    return wallMs() >= sinceMs + config.cluster.certificates.overlapDays * DAY_MS;
  };
  const look = async (): Promise<void> => {
    await keeper.look();
    if (self.kind === 'data') await desk.spread();
    const heard = await desk.list();
    alarms.heard(heard);
    if (self.kind === 'data') await desk.handOn(heard);
    const { authorities, signs } = await keeper.files.read();
    const [first] = authorities;
    // Only where the cluster signs by itself: whoever keeps the key elsewhere replaces it himself.
    if (!isMaster() || signs === null || first === undefined || !isOld(first, wallMs())) return;
    const { step, says } = await desk.rotateByItself(mayIssue);
    log.info('certificates.authority', { step, says });
  };
  const round = (): void => {
    void look()
      .catch((error: unknown) => log.warn('certificates.look', { why: explain(error) }))
      .finally(() => {
        if (!isOver) timer = setTimeout(round, everyMs);
      });
  };
  round();
  const identities = setInterval(() => {
    void takeUpIdentities().catch((error: unknown) => log.warn('certificates.identities', { why: explain(error) }));
  }, IDENTITIES_MS);
  return {
    desk,
    told: (status) => alarms.told(status, wallMs()),
    stop: () => {
      isOver = true;
      clearTimeout(timer);
      clearInterval(identities);
    },
  };
}
