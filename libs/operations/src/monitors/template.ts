const NAMED = /#\[([^\][\r\n]{1,128})\]/g;
const PARM = /%parm\[#(\d{1,4})\]%/g;

/** `#[LOG_LINE]`, and `#[name]` or `#[1]` of the pattern's groups. What is not known stays as it is. */
export function fillRule(template: string, line: string, groups: Readonly<Record<string, string>>): string {
  if (template === '' || template === '#[LOG_LINE]') return line;
  return template.replace(NAMED, (whole, name: string) => {
    if (name === 'LOG_LINE') return line;
    return Object.hasOwn(groups, name) ? groups[name]! : whole;
  });
}

/** `%parm[#1]%`: the first of the values; '' where there are not so many. */
export function fillParms(template: string, values: readonly string[]): string {
  return template.replace(PARM, (_, number: string) => values[Number(number) - 1] ?? '');
}
