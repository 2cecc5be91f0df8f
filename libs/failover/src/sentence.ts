/** Said of nodes at every look, twenty times a second: made once for each, so that seeing that nothing has changed costs nothing. */
export function sentenceOf(say: (about: string) => string): (about: string) => string {
  const said = new Map<string, string>();
  return (about) => {
    let sentence = said.get(about);
    if (sentence === undefined) said.set(about, (sentence = say(about)));
    return sentence;
  };
}
