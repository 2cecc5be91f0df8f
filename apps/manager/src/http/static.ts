import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, normalize, resolve, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import { PROBLEM_TYPE } from '@yosugara/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from './errors.js';

/** Vite writes the hash of the content into these names. */
const HASHED = '/assets/';

/** The console's files; every other page address gets `index.html`, whose router knows it. */
export async function serveConsole(fastify: FastifyInstance, dir: string): Promise<void> {
  const root = resolve(dir);
  // @fastify/static refuses a root that is not there; the console may be built later.
  await fastify.register(fastifyStatic, {
    root: existsSync(root) ? root : import.meta.dirname,
    serve: false,
    cacheControl: false,
    // The build leaves each file beside itself compressed: whoever takes that gets it, and nothing is computed for it.
    preCompressed: true,
  });
  fastify.route({ method: ['GET', 'HEAD'], url: '/*', handler: async (request, reply) => await answer(root, request, reply) });
}

async function answer(root: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const path = pathOf(request.url);
  if (path === null || path === '/api' || path.startsWith('/api/')) return notFound(reply, 'no such address');
  if (path !== '/' && (await isFile(root, path))) {
    reply.header('cache-control', path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'public, max-age=300');
    return reply.sendFile(path, root);
  }
  // A missing script must not be answered by a page: the browser would refuse it with a riddle.
  if (path.startsWith(HASHED) || /\.[a-z0-9]{1,8}$/i.test(path)) return notFound(reply, 'no such file');
  if (!(await isFile(root, '/index.html'))) return notFound(reply, 'the console is not built');
  return reply.header('cache-control', 'no-cache').sendFile('index.html', root);
}

function pathOf(url: string): string | null {
  try {
    const path = normalize(decodeURIComponent(url.split('?')[0] ?? '/'));
    return path.includes('\0') || path.includes(`..${sep}`) || !path.startsWith('/') ? null : path;
  } catch {
    return null;
  }
}

async function isFile(root: string, path: string): Promise<boolean> {
  const found = await stat(join(root, path)).catch(() => null);
  return found?.isFile() === true;
}

function notFound(reply: FastifyReply, message: string): FastifyReply {
  return reply
    .status(404)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemOf(404, { code: 'NOT_FOUND', message })));
}
