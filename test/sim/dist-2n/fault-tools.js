export const data = (world, rng) => world.host(rng.pick(world.dataNodes));
export const any = (world, rng) => world.host(rng.pick(world.nodes));
export const someTime = (rng) => rng.pick([rng.between(100, 2_000), rng.between(2_000, 6_000), rng.between(5_000, 12_000)]);
export const cut = (world, rng, pairs, forMs = someTime(rng)) => {
    for (const [from, to] of pairs)
        world.network.way(from, to).cut = true;
    world.agenda.after(forMs, () => {
        for (const [from, to] of pairs)
            world.network.way(from, to).cut = false;
    });
};
export const both = (one, two) => [
    [one, two],
    [two, one],
];
export const around = (world, alone) => world.nodes.filter((node) => node !== alone).flatMap((node) => both(alone, node));
/** Back within the old promises and the old lease. */
export function restart(world, rng, host) {
    host.crashController();
    world.agenda.after(rng.between(5, 400), () => host.startController());
}
/** One blow at one host. */
export function hit(world, rng, host) {
    switch (rng.pick(['power', 'controller', 'freeze', 'isolate', 'postgres', 'hang'])) {
        case 'power':
            host.powerOff();
            world.agenda.after(someTime(rng), () => host.powerOn());
            break;
        case 'controller':
            host.crashController();
            world.agenda.after(rng.between(100, 4_000), () => host.startController());
            break;
        case 'freeze':
            host.freeze(rng.chance(0.5) ? 'controller' : 'host');
            world.agenda.after(someTime(rng), () => host.thaw());
            break;
        case 'isolate':
            cut(world, rng, around(world, host.node));
            break;
        case 'postgres':
            host.postgres.kill();
            break;
        case 'hang':
            host.postgres.hung = host.postgres.process !== 'down';
            break;
    }
}
/** The edges of T1–T5: where a second fault hurts most. */
export const EDGES = {
    claim: (before, after) => after.epoch > before.epoch,
    proven: (before, after) => after.phase === 'promoting' && before.phase !== 'promoting',
    opened: (before, after) => after.phase === 'serving' && before.phase !== 'serving',
    join: (before, after) => after.syncSet.length > before.syncSet.length,
    leave: (before, after) => after.syncSet.length < before.syncSet.length && after.phase === 'serving',
    release: (before, after) => after.released !== before.released,
    switchover: (before, after) => after.switchover !== null && before.switchover === null,
};
//# sourceMappingURL=fault-tools.js.map