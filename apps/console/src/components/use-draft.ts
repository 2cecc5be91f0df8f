import { useEffect, useState } from 'react';
import { drafts } from '../api/drafts.js';

/** A text that outlives its field until it is sent. `usual`: what stands there when nobody has begun. */
export function useDraft(key: string, usual: string) {
  const [text, setText] = useState(() => drafts.get(key));
  useEffect(() => setText(drafts.get(key)), [key]);
  return {
    text: text ?? usual,
    isBegun: text !== null && text !== usual,
    change: (next: string) => {
      setText(next);
      drafts.set(key, next);
    },
    drop: () => {
      setText(null);
      drafts.drop(key);
    },
  };
}
