import { expect, it } from 'vitest';
import { Lanes } from './lanes.js';

/** Work that somebody else ends. */
function piece() {
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { done, end };
}

it('so much at a time and no more; whoever waits goes on in the order of coming', async () => {
  const lanes = new Lanes(2);
  const pieces = Array.from({ length: 4 }, piece);
  const begun: number[] = [];
  const running = pieces.map(({ done }, at) =>
    lanes.run(async () => {
      begun.push(at);
      await done;
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  pieces[1]!.end();
  await running[1];
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 2]);
  for (const { end } of pieces) end();
  await Promise.all(running);
  expect(begun).toEqual([0, 1, 2, 3]);
});
it('what is given up while it waits is not begun, and takes nobody’s turn; what fails leaves its lane', async () => {
  const lanes = new Lanes(1);
  const first = piece();
  const running = lanes.run(() => first.done);
  const leaving = new AbortController();
  const given = lanes.run(() => expect.fail('begun'), leaving.signal);
  const failing = lanes.run(() => Promise.reject(new Error('refused')));
  const last = lanes.run(() => Promise.resolve('done'));
  leaving.abort(new Error('left'));
  first.end();
  await running;
  await expect(given).rejects.toThrow('left');
  await expect(failing).rejects.toThrow('refused');
  expect(await last).toBe('done');
});
