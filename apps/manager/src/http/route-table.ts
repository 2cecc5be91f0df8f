import { type INestApplication, RequestMethod } from '@nestjs/common';
import { GUARDS_METADATA, METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ModulesContainer } from '@nestjs/core';
import { ThrottlerGuard } from '@nestjs/throttler';
import { NEED, type Need } from '../access/needs.js';
import { METRICS_TOKEN, NEEDS_ACTIVE, PROBE_TOKEN, PUBLIC } from '../auth/identity.js';

/** A route as NestJS has it, with what its decorators say to the gate. */
export interface Route {
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly isPublic: boolean;
  readonly needsActive: boolean;
  readonly isThrottled: boolean;
  readonly allowsHostToken: boolean;
  readonly need: Need | undefined;
  /** Of its body and its answer; undefined = it has none. */
  readonly body: unknown;
  readonly answer: unknown;
}

/** Of @nestjs/swagger, which does not export the name. */
const API_RESPONSE = 'swagger/apiResponse';

type Handler = (...given: readonly unknown[]) => unknown;

export function routesOf(app: INestApplication): readonly Route[] {
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const prototype = (metatype as { readonly prototype: Record<string, Handler> }).prototype;
    const handlers = Object.getOwnPropertyNames(prototype).flatMap((name) => {
      const handler = name === 'constructor' ? undefined : Object.getOwnPropertyDescriptor(prototype, name)?.value;
      return typeof handler === 'function' && Reflect.hasMetadata(METHOD_METADATA, handler) ? [handler as Handler] : [];
    });
    return handlers.map((handler) => routeOf(metatype as object, handler));
  });
}

function routeOf(controller: object, handler: Handler): Route {
  const says = <T>(key: string): T | undefined => Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, controller);
  const guards: readonly unknown[] = Reflect.getMetadata(GUARDS_METADATA, handler) ?? [];
  const parts = [Reflect.getMetadata(PATH_METADATA, controller), Reflect.getMetadata(PATH_METADATA, handler)];
  const path = parts.map((part) => String(part).replace(/^\/|\/$/g, '')).filter((part) => part !== '');
  return {
    method: RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number]!.toLowerCase(),
    path: `/${path.join('/')}`.replaceAll(/:(\w+)/g, '{$1}'),
    isPublic: says<boolean>(PUBLIC) === true,
    needsActive: says<boolean>(NEEDS_ACTIVE) === true,
    isThrottled: guards.includes(ThrottlerGuard),
    allowsHostToken: says<boolean>(PROBE_TOKEN) === true || says<boolean>(METRICS_TOKEN) === true,
    need: says<Need>(NEED),
    body: bodyOf(controller, handler.name),
    answer: answerOf(handler),
  };
}

function bodyOf(controller: object, method: string): unknown {
  const given: Readonly<Record<string, { readonly schema?: unknown }>> =
    Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {};
  return Object.entries(given).find(([key]) => key.split(':')[0] === String(RouteParamtypes.BODY))?.[1].schema;
}

function answerOf(handler: Handler): unknown {
  const told: Readonly<Record<string, { readonly standardSchema?: unknown }>> = Reflect.getMetadata(API_RESPONSE, handler) ?? {};
  return Object.entries(told).find(([status]) => status.startsWith('2'))?.[1].standardSchema;
}
