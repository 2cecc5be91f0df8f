/**
 * What lay below `/api/` before it all moved to `/api/v1/`: programs of an older version, scripts, and the address that providers of logins
 * know go on with it. Nothing new gets such an address.
 */
const FORMER = /^\/api\/(?=(?:cluster|messages|ingest|stream|login|logout|me|password|pass)(?:[/?]|$))/;

export const addressOfNow = (url: string): string => url.replace(FORMER, '/api/v1/');
