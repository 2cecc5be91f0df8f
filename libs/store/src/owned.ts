/** Among owners: of what the program tells of itself. No role can be called so. */
export const OF_ITSELF = '#itself';

/**
 * SQL: whoever told the row belongs to one of these roles. Jobs and their triggers tell under their own ids; what tells under no setting (the
 * program itself, unless it is among the owners; a monitor that was deleted) belongs to nobody.
 * @param owners a parameter of type text[]. @param plugin a column; null: monitors only.
 */
export const ownedBy = (owners: string, monitor: string, plugin: string | null): string => {
  const told = (kinds: string) =>
    `exists (select from setting o where o.kind in (${kinds}) and o.id = ${monitor} and o.owner_role = any(${owners}::text[]))`;
  const monitors = told("'monitor'");
  return plugin === null
    ? monitors
    : `(case when ${plugin} = 'job' then ${told("'job-unit', 'job-trigger'")} when ${plugin} = 'internal' then '${OF_ITSELF}' = any(${owners}::text[]) else ${monitors} end)`;
};
