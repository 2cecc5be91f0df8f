/** What the program reads besides its command line. */
export const ENVIRONMENT: readonly (readonly [name: string, says: string])[] = [
  ['YOSUGARA_TOKEN_FILE', 'file with an API token; who asks is then the person whose token it is'],
  ['YOSUGARA_TOKEN', 'the token itself, where no file can be had'],
  [
    'YOSUGARA_SERVER',
    'managers to ask from elsewhere: https://HOST:PORT, several with commas; without it those of the node of this host',
  ],
  ['YOSUGARA_CA_FILE', 'PEM of the CA that signed what those managers show; without it those that the system knows'],
  ['YOSUGARA_STATE', 'state folder of a local cluster; without it .yosugara here or in a folder above'],
  ['LC_ALL, LC_MESSAGES, LANG', 'the language of yosugara runbook: Japanese for ja…, else English'],
  ['NO_COLOR', 'no colours'],
  ['XDG_CONFIG_HOME', 'where sessions of yosugara login are kept; without it ~/.config'],
];
export const FILES: readonly (readonly [name: string, says: string])[] = [
  ['/etc/yosugara/yosugara.yaml', 'configuration of the node of this host'],
  ['~/.config/yosugara/sessions.json', 'sessions of yosugara login, readable by their owner only'],
];
