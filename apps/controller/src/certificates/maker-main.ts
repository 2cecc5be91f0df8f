import { text } from 'node:stream/consumers';
import { explain } from '@yosugara/kernel';
import type { MakerQuestion } from './maker.js';
import { MAKER_HERE } from './maker-here.js';

/** Answers one question of a controller, and ends. */
async function answer(question: MakerQuestion): Promise<object> {
  if (question.make === 'request') return await MAKER_HERE.request(question.member);
  if (question.make === 'authority') return await MAKER_HERE.authority(question.clusterId);
  return { certificate: await MAKER_HERE.sign(question.what) };
}

try {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(await text(process.stdin)) as MakerQuestion)));
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
