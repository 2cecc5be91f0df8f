import { describe, expect, it } from 'vitest';
import { SseParser } from './sse.js';

const whole =
  'event: hello\ndata: {"a":1}\n\n: still here\n\nevent: messages\r\ndata: one\r\ndata: two\r\n\r\ndata:bare\nid: a-1;2\n\n';
const expected = [
  { name: 'hello', data: '{"a":1}' },
  { name: 'messages', data: 'one\ntwo' },
  { name: 'message', data: 'bare', id: 'a-1;2' },
];

describe('the event stream', () => {
  it('is read the same wherever the network cuts it', () => {
    for (let size = 1; size <= whole.length; size += 1) {
      const parser = new SseParser();
      const events = [];
      for (let at = 0; at < whole.length; at += size) events.push(...parser.push(whole.slice(at, at + size)));
      expect(events, `cut every ${size}`).toEqual(expected);
    }
  });
  it('drops an event that the connection cut off', () =>
    expect(new SseParser().push('event: cluster\ndata: {"half":')).toEqual([]));
  it('refuses an event without end', () => {
    const parser = new SseParser();
    expect(() => {
      for (let chunk = 0; chunk < 20; chunk += 1) parser.push('x'.repeat(1_000_000));
    }).toThrowError(expect.objectContaining({ code: 'STREAM_TOO_LARGE' }));
  });
});
