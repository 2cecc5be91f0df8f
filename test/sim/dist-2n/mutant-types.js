export const CONSENSUS = 'libs/consensus/src';
export const FAILOVER = 'libs/failover/src';
export const CONTROLLER = 'libs/runtime/src/controller';
//# sourceMappingURL=mutant-types.js.map