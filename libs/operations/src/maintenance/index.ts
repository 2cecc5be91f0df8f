export { type EndingWindow, MaintenanceWindows, maintenanceSentence, type UnderMaintenance } from './windows.js';
