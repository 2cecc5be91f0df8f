import { applyDecorators } from '@nestjs/common';
import { ApiDefaultResponse, ApiExtension } from '@nestjs/swagger';
import { ProblemSchema } from '@yosugara/protocol';
import type { ErrorCode } from './error-codes.js';

/** Every controller: what is not the good answer. */
export const ApiRefusals = () => ApiDefaultResponse({ standardSchema: ProblemSchema, description: 'Refused or failed' });
/** Codes of this route, besides those that follow from what it is (openapi.ts). */
export const Refuses = (...codes: readonly ErrorCode[]) => applyDecorators(ApiExtension('x-refuses', codes));
/** A list without pages. @param why it needs none */
export const Bounded = (why: string) => ApiExtension('x-bounded', why);
/** A change without If-Match. @param why it needs none */
export const LastWins = (why: string) => ApiExtension('x-last-wins', why);
