/**
 * What stands in which column, above rows of a list that have this class, too. For the eye: whoever hears the page gets each row whole, and on a
 * narrow screen cells lie below each other.
 */
export function ColumnHead({ rows, columns }: { readonly rows: string; readonly columns: readonly string[] }) {
  return (
    <div className={`${rows} column-head`} aria-hidden="true">
      {columns.map((column, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: columns stay where they are, and some have no name.
        <span key={at}>{column}</span>
      ))}
    </div>
  );
}
