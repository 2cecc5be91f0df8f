// Imported first. The schema validator would otherwise probe `new Function`, which a strict content security policy
// refuses and reports; in this mode it interprets instead.
declare global {
  var __zod_globalConfig: Record<string, unknown> | undefined;
}
globalThis.__zod_globalConfig = { ...globalThis.__zod_globalConfig, jitless: true };

export {};
