export * from './format-samples.js';
