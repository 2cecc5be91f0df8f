import { ApiDefaultResponse } from '@nestjs/swagger';
import { z } from 'zod';

const ApiErrorSchema = z.object({ code: z.string(), message: z.string(), place: z.string().optional() }).meta({ id: 'Error' });

/** Every controller: what is not the good answer. */
export const ApiRefusals = () =>
  ApiDefaultResponse({ standardSchema: ApiErrorSchema, description: 'Refused or failed: 4xx as it stands, 503 = try again' });
