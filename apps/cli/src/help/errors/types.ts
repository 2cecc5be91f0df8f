/** By code: what it means, and what to do. */
export type ErrorTexts = Readonly<Record<string, readonly [means: string, todo: string]>>;
