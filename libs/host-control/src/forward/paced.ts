import { Transform, type TransformCallback } from 'node:stream';
import type { LineBucket } from './line-bucket.js';

/** Passes on what comes as the bucket lets it; meanwhile nothing more is read, so that the sender's TCP waits. */
export class Paced extends Transform {
  readonly #bucket: LineBucket;
  #timer: NodeJS.Timeout | undefined;

  constructor(bucket: LineBucket) {
    super({ highWaterMark: bucket.pieceBytes });
    this.#bucket = bucket;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const { pieceBytes } = this.#bucket;
    const [piece, rest] = [chunk.subarray(0, pieceBytes), chunk.subarray(pieceBytes)];
    const pass = () => {
      if (rest.length === 0) return done(null, piece);
      this.push(piece);
      this._transform(rest, _, done);
    };
    const waitMs = this.#bucket.take(piece.length, performance.now());
    if (waitMs === 0) pass();
    else this.#timer = setTimeout(pass, Math.ceil(waitMs));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }
}
