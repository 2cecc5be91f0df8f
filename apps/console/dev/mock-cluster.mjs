// A scripted cluster: `die` and `promote` play a take-over, `recover` brings the dead node back in about ten seconds.
const ADDRESS = { a: '127.0.1.1', b: '127.0.1.2', w: '127.0.1.3', vip: '127.0.1.10' };
const PHASES = ['preflight', 'quiesce', 'consensus', 'decide', 'prepare', 'rewind', 'start', 'join'];
const DAY = 86_400_000;
const ago = (ms) => new Date(Date.now() - ms).toISOString();

const planOf = (node) => ({
  ...{ version: 1, node, source: 'b', refusals: [], cause: 'diverged', method: 'rewind', bytes: 34_603_008, setsAside: false },
  why: 'its WAL may go past where b left the old timeline: 0/5A3C1F8 to 0/5C4E000 on timeline 6',
  phases: [
    { phase: 'quiesce', what: `PostgreSQL of ${node} is stopped` },
    { phase: 'prepare', what: `b keeps WAL for ${node} (slot yosugara_${node}) and writes a checkpoint` },
    {
      phase: 'rewind',
      what: 'the WAL that goes is kept in compressed form; crash recovery, then pg_rewind; if it fails, a base backup',
    },
    { phase: 'start', what: `PostgreSQL of ${node} starts as a standby of b and catches up` },
    { phase: 'join', what: `b takes ${node} into the sync set; both journals become level` },
  ],
  discards: { from: '0/5A3C1F8', to: '0/5C4E000', bytes: 2_170_376, timeline: 6 },
});

export function cluster() {
  let master = 'a';
  let epoch = 6;
  let out = null;
  let link = 'direct';
  let progress = null;
  let shown = {};
  const received = { a: 48_213, b: 48_209 };
  const history = [
    {
      epoch: 6,
      owner: 'a',
      from: 'b',
      at: ago(1.2 * DAY),
      cause: 'switchover by operator',
      proof: 'P1: b stopped and released the epoch',
      timeline: 6,
    },
    {
      epoch: 5,
      owner: 'b',
      from: 'a',
      at: ago(1.9 * DAY),
      cause: 'the owner’s promise expired (power lost)',
      proof: 'P4',
      timeline: 5,
    },
    { epoch: 4, owner: 'a', from: 'b', at: ago(4.5 * DAY), cause: 'PostgreSQL ended by itself on b', proof: 'P1', timeline: 4 },
    { epoch: 3, owner: 'b', from: 'a', at: ago(7.1 * DAY), cause: 'switchover by operator', proof: 'P1', timeline: 3 },
    { epoch: 2, owner: 'a', from: null, at: ago(9 * DAY), cause: 'first start', proof: null, timeline: 1 },
  ];
  const other = (node) => (node === 'a' ? 'b' : 'a');

  function node(name) {
    const isMaster = name === master;
    const isOut = name === out;
    const recovering = isOut && progress?.state === 'running';
    const solo = out !== null;
    return {
      name,
      address: ADDRESS[name],
      zone: name === 'a' ? 'tokyo-1' : 'tokyo-2',
      role: recovering ? 'REBUILDING' : isOut ? 'UNKNOWN' : isMaster ? (solo ? 'MASTER_SOLO' : 'MASTER_SYNC') : 'STANDBY_SYNC',
      why: recovering
        ? 'rewinding to the Master’s history'
        : isOut
          ? 'not heard since it lost its power; it may hold WAL that diverged'
          : isMaster
            ? solo
              ? 'lease held; the peer is not in the sync set'
              : 'lease held, the peer confirms every commit'
            : 'streaming, every acknowledged commit is flushed here',
      reachable: !isOut || recovering,
      syncSet: !isOut,
      lagBytes: isMaster ? null : isOut ? null : Math.floor(Math.random() * 900),
      timeline: isOut ? epoch - 1 : epoch,
      lsn: isOut ? null : '0/5A3C1F8',
      postgres: recovering ? 'stopped' : isOut ? 'unknown' : isMaster ? 'running, writable' : 'running, standby',
      vip: isMaster,
      needsRecover: isOut,
      deadMan: isOut ? 'none' : 'soft',
      receiver:
        isOut && !recovering ? null : { up: true, received: received[name], behindPeer: recovering ? 214 : 0, peerLink: 'up' },
      recover: isOut ? progress : null,
      processes: isOut
        ? []
        : [
            { name: 'controller', pid: 4101 },
            { name: 'receiver', pid: 4102 },
            { name: 'postgres', pid: 4110 },
          ],
    };
  }

  function links() {
    const pairs = [
      ['a', 'b'],
      ['a', 'w'],
      ['b', 'w'],
    ];
    return pairs.flatMap(([from, to]) => {
      const cut = out !== null && progress === null && (from === out || to === out);
      const state = cut ? 'down' : from === 'a' && to === 'b' ? link : 'direct';
      return [
        { from, to, state, via: state === 'relayed' ? 'w' : null },
        { from: to, to: from, state, via: state === 'relayed' ? 'w' : null },
      ];
    });
  }

  function verdict() {
    const to = other(master);
    if (out === null)
      return {
        failsOver: true,
        to,
        seconds: 12,
        dataLoss: 0,
        reason: `${to} is in the sync set, its PostgreSQL is healthy, and two of three voters can elect it`,
      };
    return { failsOver: false, to: null, seconds: null, dataLoss: null, reason: `${out} is not in the sync set: recover it` };
  }

  function alarms() {
    const list = [];
    if (out !== null) list.push({ level: 'red', code: 'SOLO', text: `${master} serves alone; ${out} waits for recover` });
    if (link === 'relayed') list.push({ level: 'yellow', code: 'LINK_RELAYED', text: 'a and b reach each other only through w' });
    return list;
  }

  return {
    master: () => master,
    epoch: () => epoch,
    soloNode: () => (out === null ? null : master),
    received: (count) => {
      for (const name of ['a', 'b']) if (name !== out) received[name] += count;
    },
    links: (state) => {
      link = state;
    },
    die: () => {
      out = master;
    },
    promote: () => {
      epoch += 1;
      history.unshift({
        epoch,
        owner: other(master),
        from: master,
        at: new Date().toISOString(),
        cause: 'the owner’s promise expired (power lost)',
        proof: 'P4: its lease is over, and this node holds every acknowledged commit',
        timeline: epoch,
      });
      master = other(master);
      progress = null;
    },
    recover: (_node, changed) => {
      if (out === null) return;
      let tick = 0;
      const timer = setInterval(() => {
        tick += 1;
        const step = Math.min(PHASES.length, 1 + Math.floor(tick / 5));
        const phase = PHASES[step - 1];
        progress = {
          requestId: 'r-1',
          phase,
          step,
          steps: PHASES.length,
          detail: phase === 'rewind' ? '2.1 MiB of WAL discarded and kept aside; 38 of 61 files compared' : `${phase}…`,
          fraction: (tick % 5) / 5,
          method: step > 3 ? 'rewind' : null,
          state: 'running',
        };
        if (tick >= PHASES.length * 5) {
          clearInterval(timer);
          progress = null;
          out = null;
        }
        changed();
      }, 250);
      timer.unref();
    },
    show: (over) => {
      shown = over;
    },
    plan: (node, discardUnknown) => ({ ...planOf(node), ...(discardUnknown ? {} : shown.plan) }),
    status: () => ({
      clusterId: 'c7d1f0b2-4a52',
      epoch,
      phase: 'serving',
      master,
      leader: master,
      term: epoch + 3,
      profile: 'lan',
      policy: 'available',
      stopProofs: ['P1', 'P4'],
      answeredBy: master,
      nodes: [node('a'), node('b')].map((one) => ({ ...one, ...shown.nodes?.[one.name] })),
      arbiter: { name: 'w', address: ADDRESS.w, zone: 'osaka-1', voting: true, processes: [] },
      vip: { address: ADDRESS.vip, driver: 'bind', holder: master },
      links: links(),
      ifMasterDied: verdict(),
      alarms: alarms(),
      history,
      ...shown.status,
    }),
  };
}
