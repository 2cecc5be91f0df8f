/** What Mantine draws over a dialog is a `header`, which would be a second banner of the page to whoever hears it. */
export const DIALOG_PARTS = { header: { role: 'presentation' } } as const;
