import 'reflect-metadata';
import { bareApp } from './http/bare-app.js';
import { openApiDocument } from './http/openapi.js';

/** Prints the API's OpenAPI document: `node apps/manager/dist/openapi.js > openapi.json`. Needs neither database nor controller. */
const app = await bareApp();
process.stdout.write(`${JSON.stringify(openApiDocument(app), null, 2)}\n`);
await app.close();
