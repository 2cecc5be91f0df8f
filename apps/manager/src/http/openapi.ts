import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { SESSION_COOKIE } from '../auth/session-token.js';

export function openApiDocument(app: INestApplication): object {
  const config = new DocumentBuilder()
    .setTitle('Yosugara manager')
    .setDescription('Requests that change something carry the header `x-yosugara: 1`. Every refusal is {code, message, place?}.')
    .setVersion('0.1.0')
    .addCookieAuth(SESSION_COOKIE)
    .addBearerAuth()
    .build();
  return SwaggerModule.createDocument(app, config);
}
