/** A sentence of the cluster's own: English whatever the page speaks, and marked so for a screen reader. Commands in it stand in backquotes. */
export function Said({ text, className }: { readonly text: string; readonly className?: string | undefined }) {
  const parts = text.split('`');
  // An unclosed backquote quotes nothing.
  const quotes = parts.length % 2 === 1;
  return (
    <span lang="en" className={className}>
      {quotes
        ? parts.map((part, index) => {
            const key = `${index} ${part}`;
            return index % 2 === 1 ? <code key={key}>{part}</code> : <span key={key}>{part}</span>;
          })
        : text}
    </span>
  );
}
