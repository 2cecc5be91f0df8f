export * from './certificates.js';
export * from './compiled.js';
export * from './daemons.js';
export * from './jolokia.js';
export * from './ports.js';
export * from './postgres.js';
export {
  type PowerController,
  type PowerControllerOptions,
  type PowerEvent,
  type PowerSwitch,
  startPowerController,
} from './power-controller.js';
export * from './real-services.js';
export * from './receiving-services.js';
export * from './soonest.js';
export * from './until.js';
