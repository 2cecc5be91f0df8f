/**
 * A menu lies where its button is, so that it belongs to a landmark of the page; the first item has the focus at once: there is
 * nothing in it that has no role (WAI-ARIA 1.2, menu).
 */
export const MENU = { withinPortal: false, withInitialFocusPlaceholder: false } as const;
