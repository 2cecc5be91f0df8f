export * from './clock-offset.js';
export * from './copy-holder.js';
export * from './copy-sender.js';
export * from './ports.js';
export * from './safe-answers.js';
export * from './trap-intake.js';
export * from './watermark.js';
export * from './wire.js';
