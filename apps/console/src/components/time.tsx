import { localTime, utcTime } from '../i18n/format.js';

/** Local zone to read, UTC on hover. */
export function Time({ iso, text }: { readonly iso: string; readonly text?: string }) {
  return (
    <time dateTime={iso} title={utcTime(iso)} className="time">
      {text ?? localTime(iso)}
    </time>
  );
}
