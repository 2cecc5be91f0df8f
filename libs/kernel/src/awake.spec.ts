import { describe, expect, it } from 'vitest';
import { AwakeTimer } from './awake.js';

const standStill = (ms: number): void => {
  for (const untilMs = performance.now() + ms; performance.now() < untilMs; );
};
const turn = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 1));

describe('a deadline of the time that we were awake', () => {
  it('is over after that time', async () => {
    const fromMs = performance.now();
    await new Promise<void>((resolve) => void new AwakeTimer(400, resolve));
    expect(performance.now() - fromMs).toBeGreaterThanOrEqual(398);
  });
  it('is not over when we stood still for longer than it', async () => {
    let isOver = false;
    const timer = new AwakeTimer(300, () => {
      isOver = true;
    });
    standStill(700);
    expect(timer.leftMs).toBeGreaterThan(0);
    await turn();
    expect(isOver).toBe(false);
    timer.stop();
  });
  it('lets what has come be heard first, also where nothing is left of it', async () => {
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      new AwakeTimer(1, () => {
        heard.push('the end');
        resolve();
      });
      setTimeout(() => heard.push('another timer'), 1);
      standStill(50);
    });
    expect(heard).toEqual(['another timer', 'the end']);
  });
  it('is not told of once it was stopped', async () => {
    let isOver = false;
    new AwakeTimer(1, () => {
      isOver = true;
    }).stop();
    await turn();
    await turn();
    expect(isOver).toBe(false);
  });
});
