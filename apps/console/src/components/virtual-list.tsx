import {
  type CSSProperties,
  type ReactNode,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';

/** Rows beyond the edges, so that a quick scroll shows no gap. */
const OVERSCAN = 12;
/** Who jumped by more than a screen, and stands still for so long, has arrived. */
const LANDED_MS = 100;
/** Asked for when so many rows are left below. */
const NEAR_END = 60;

export interface VirtualHandle {
  readonly toTop: () => void;
}

interface VirtualListProps<Item> {
  readonly items: readonly Item[];
  readonly rowPx: number;
  readonly keyOf: (item: Item) => string | number;
  /**
   * `slot`: no two rows that are drawn at once have the same, and a row keeps its own while nothing comes above it. As its key it lets a quick
   * scroll write new words into rows that are there, which is several times cheaper than to make them. Not for rows that hold a focus.
   */
  readonly render: (item: Item, index: number, style: CSSProperties, slot: number) => ReactNode;
  /** Kept in sight whenever it changes. */
  readonly cursor?: string | number | null;
  readonly onNearEnd?: () => void;
  /** Whether the list stands at its very top. */
  readonly onTop?: (isAtTop: boolean) => void;
  readonly head?: ReactNode;
  readonly foot?: ReactNode;
  readonly label: string;
  readonly testId?: string;
  readonly className?: string;
  /** The rows are a grid's; it has the name then. */
  readonly isOfGrid?: boolean;
  /** No row holds anything that takes the focus: the list does, so that the keyboard scrolls it. */
  readonly isStill?: boolean;
  readonly handle?: Ref<VirtualHandle>;
}

/** Of however many rows only those in sight are drawn. What is in sight stays in its place when rows come above it. */
export function VirtualList<Item>(props: VirtualListProps<Item>) {
  const {
    items,
    rowPx,
    keyOf,
    render,
    cursor,
    onNearEnd,
    onTop,
    head,
    foot,
    label,
    testId,
    className,
    isOfGrid,
    isStill,
    handle,
  } = props;
  const box = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ first: 0, rows: 40, isFlying: false });
  const landing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const anchor = useRef<{ readonly key: string | number; readonly index: number } | null>(null);
  const measure = () => {
    const element = box.current;
    if (element === null) return;
    const first = Math.max(0, Math.floor(element.scrollTop / rowPx));
    const rows = Math.ceil(element.clientHeight / rowPx) + 1;
    setView((now) => {
      const isFlying = Math.abs(first - now.first) > rows;
      return now.first === first && now.rows === rows && now.isFlying === isFlying ? now : { first, rows, isFlying };
    });
    // Beyond the edges nothing is drawn for somebody who is no longer there with the next frame.
    clearTimeout(landing.current);
    landing.current = setTimeout(() => setView((now) => (now.isFlying ? { ...now, isFlying: false } : now)), LANDED_MS);
    const item = items[first];
    anchor.current = element.scrollTop < rowPx / 2 || item === undefined ? null : { key: keyOf(item), index: first };
    onTop?.(element.scrollTop < rowPx / 2);
    if (first + rows + NEAR_END >= items.length) onNearEnd?.();
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only new rows move what is in sight.
  useLayoutEffect(() => {
    const element = box.current;
    const before = anchor.current;
    if (element !== null && before !== null) {
      const at = indexNear(items, keyOf, before.key, before.index);
      if (at >= 0 && at !== before.index) element.scrollTop += (at - before.index) * rowPx;
    }
    measure();
  }, [items, rowPx]);
  useEffect(() => () => clearTimeout(landing.current), []);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => element.dispatchEvent(new Event('scroll')));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows that come do not call the cursor back into sight.
  useEffect(() => {
    const element = box.current;
    if (element === null || cursor === null || cursor === undefined) return;
    const at = items.findIndex((item) => keyOf(item) === cursor);
    if (at < 0) return;
    const headPx = top.current?.offsetHeight ?? 0;
    const from = at * rowPx;
    if (from < element.scrollTop) element.scrollTop = from;
    else if (from + rowPx + headPx > element.scrollTop + element.clientHeight)
      element.scrollTop = from + rowPx + headPx - element.clientHeight;
  }, [cursor]);
  useImperativeHandle(handle, () => ({ toTop: () => box.current?.scrollTo({ top: 0 }) }), []);
  // A section with a name is a landmark; rows of a grid are none.
  const Box = isOfGrid ? 'div' : 'section';
  const overscan = view.isFlying ? 0 : OVERSCAN;
  const slots = view.rows + 2 * OVERSCAN;
  const from = Math.max(0, view.first - overscan);
  const shown = items.slice(from, view.first + view.rows + overscan);
  return (
    <Box
      className={`virtual ${className ?? ''}`}
      ref={box}
      onScroll={measure}
      data-testid={testId}
      {...(isOfGrid ? { role: 'rowgroup' } : { 'aria-label': label })}
      {...(isStill ? { tabIndex: 0 } : {})}
    >
      <div className="virtual-head" ref={top}>
        {head}
      </div>
      <div className="virtual-body" style={{ height: items.length * rowPx }} role="presentation">
        {shown.map((item, at) => {
          const index = from + at;
          return render(item, index, { top: index * rowPx, height: rowPx }, index % slots);
        })}
      </div>
      {foot}
    </Box>
  );
}

/** Rows come above, mostly: it is a little further down than it was. */
function indexNear<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string | number,
  key: string | number,
  near: number,
): number {
  for (let away = 0; away < items.length; away += 1) {
    const [below, above] = [items[near + away], items[near - away]];
    if (below !== undefined && keyOf(below) === key) return near + away;
    if (above !== undefined && keyOf(above) === key) return near - away;
    if (below === undefined && above === undefined) return -1;
  }
  return -1;
}
