/** Of the device that sends INFORMs and does not know how long it runs; of one that does; of one that knows the floating address only. */
export const CLOCKLESS_INFORMS = '10.0.0.5';
export const INFORMS = '10.0.0.6';
export const VIP_INFORMS = '10.0.0.7';
/** Of the device that stamps its datagrams to the microsecond. */
export const STAMPED = '10.0.0.8';
