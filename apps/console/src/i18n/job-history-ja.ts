import { jobsJa } from './jobs-ja.js';

/**
 * What the history of a job says, in Japanese. The engine keeps it as the English sentence that it was when it happened; what people and agents said
 * stays as they said it.
 */
export const HISTORY_JA: Readonly<Record<string, string>> = {
  'the time that it was made for has come': '予定の時刻になりました',
  'its jobnet runs and its start conditions hold': 'ジョブネットが実行中で、開始条件を満たしました',
  'its start conditions hold; it waits for a place in its queue': '開始条件を満たし、ジョブキューの空きを待っています',
  'its queue had a place for it': 'ジョブキューが空きました',
  'its queue has no room for another that waits': 'ジョブキューで待機できる数を超えています',
  'its turn came, and it is to be skipped': '順番になり、指定どおりスキップしました',
  'its turn came while its calendar was closed': '順番になりましたが、カレンダの稼動期間外です',
  'what it waits for ended otherwise: its start conditions can no longer be met':
    '待っていたものが別の結果で終わり、開始条件を満たせなくなりました',
  'another job of the exclusive branch runs': '排他分岐の別のジョブが実行されます',
  'it should have begun by now (start delay)': '開始が遅れています(開始遅延)',
  'it should have ended by now (end delay)': '終了が遅れています(終了遅延)',
  'all that runs of it has ended, or nothing of it can run; it waits for its next attempt where it has one':
    '実行が終わったか、実行できるものがありません(再試行時は次の回を待機)',
  'nothing of it runs any more': '実行中のものがなくなりました',
  'what is around it was stopped: nothing more of it starts': '上位のジョブネットが停止されたため、これ以上開始しません',
  'nobody knows what became of a run: it is never sent again by itself, people decide':
    '実行の結果が分かりません。自動では再送しないため、担当者の判断が必要です',
  'what became of the run is known after all': '分からなかった実行の結果が判明しました',
  'a job in it was started again': '配下のジョブが再実行されました',
  'a job in it was started again, and what is around it has not begun, or is being stopped':
    '配下のジョブが再実行されましたが、上位は未開始または停止処理中です',
  'the jobnet that it is in was started again': '上位のジョブネットが再実行されました',
  'somebody started it before its time': '予定の時刻より前に実行が指示されました',
  'somebody started it again': '再実行が指示されました',
  'somebody released it': '保留が解除されました',
  'somebody wants it to run after all': 'スキップが解除されました',
  'somebody lets it go on': '中断が解除されました',
  'somebody wants it to run whatever it waits for': '待ち条件によらない強制実行が指示されました',
  'somebody stopped it': '停止が指示されました',
  'somebody stopped it before it had a place': 'ジョブキューの空きを待つ間に停止が指示されました',
  'somebody suspended it: nothing more of it starts': '中断が指示され、これ以上開始しません',
  'somebody wants it to be skipped': 'スキップが指示されました',
  'somebody wants it to wait': '保留が指示されました',
  'somebody changed how it ended': '終了状態が変更されました',
  'somebody said how it ends': '終了状態が指定されました',
  'somebody said how it ends, whatever runs of it': '実行中のまま終了状態が指定されました(強制終了)',
  'somebody stopped it without waiting for what runs of it': '実行中のものを待たずに停止されました(強制停止)',
  'it was approved': '承認されました',
  'it was denied': '却下されました',
  'the agent has another disk than the one that was let run it: nobody knows what became of it':
    '実行を任せたときとエージェントのディスクが違うため、結果が分かりません',
  'its agent does not know of it any more': 'エージェントに実行の記録がありません',
  'no agent has joined on it': 'エージェントが登録されていません',
  'it was stopped before it began': '開始前に停止されました',
  'somebody said what became of it': '実行の結果が指定されました',
  'somebody said what it returned': '終了値が指定されました',
  'start of this node again': 'このノードで再実行します',
};

/** As the buttons call them. */
const OPERATIONS: Readonly<Record<string, string>> = jobsJa;
type Say = (text: string) => string;
const ENDED: Readonly<Record<string, string>> = { normally: '正常', 'with a warning': '警告', abnormally: '異常' };
const TRIGGERS: Readonly<Record<string, string>> = {
  ...{ schedule: 'スケジュール', 'file-check': 'ファイルチェック', 'link-receive': 'ジョブ連携受信' },
  ...{ manual: '手動実行', event: 'イベント', api: 'API' },
};
const LATE: Readonly<Record<string, string>> = { skipped: 'スキップします', held: '保留します', suspended: '中断します' };
const NOTHING: Readonly<Record<string, string>> = {
  'no such file was seen': '該当するファイルがありませんでした',
  'the monitor said nothing': '監視の結果がありませんでした',
  'no such message came': '該当するメッセージが届きませんでした',
};
const RETURNED: Readonly<Record<string, string>> = {
  'it was stopped': '停止されました',
  'it took too long and was killed': '時間がかかりすぎたため強制終了しました',
  'the agent or its host ended meanwhile': '実行中にエージェントまたはホストが終了しました',
  'it did not start': '開始しませんでした',
};

/** Sentences with something in them; the first that fits. `say`: of a sentence in it. */
const PATTERNS: readonly (readonly [RegExp, (found: readonly string[], say: Say) => string])[] = [
  [
    /^begun by ([a-z-]+)(?:: (.*))?$/s,
    ([, type = '', info], say) => `契機: ${TRIGGERS[type] ?? type}${info ? ` (${say(info)})` : ''}`,
  ],
  [/^started by (.*)$/s, ([, who]) => `${who} が実行`],
  [
    /^it ended (normally|with a warning|abnormally) with (-?\d+)(?: \((.*)\))?: attempt (\d+) of (\d+)$/s,
    ([, how = '', value, why, attempt, of], say) =>
      `終了状態 ${ENDED[how]}、終了値 ${value}${why ? ` (${say(why)})` : ''}。${of} 回のうち ${attempt} 回目を実行します`,
  ],
  [/^(.*): nobody knows how far it came$/s, ([, text = ''], say) => `${say(text)}。どこまで進んだか分かりません`],
  [
    /^(.*); it is told again in ([\d.]+) s$/s,
    ([, text = '', seconds], say) => `${say(text)}。${seconds} 秒後にもう一度指示します`,
  ],
  [/^run (\d+) did not start: (.*)$/s, ([, run, why]) => `${run} 回目の実行は開始しませんでした: ${why}`],
  [/^run (\d+): (.*)$/s, ([, run, text = ''], say) => `${run} 回目の実行: ${say(text)}`],
  [/^it returned (-?\d+)( \(.*\))?$/s, ([, value, why = '']) => `終了値 ${value}${why}`],
  [/^it was killed by (\S+|a signal)( \(.*\))?$/s, ([, signal, why = '']) => `シグナル ${signal} で終了しました${why}`],
  [
    /^(it was stopped|it took too long and was killed|the agent or its host ended meanwhile|it did not start)( \(.*\))?$/s,
    ([, what = '', why = '']) => `${RETURNED[what]}${why}`,
  ],
  [/^it waits for a place in queue (.*)$/s, ([, queue]) => `ジョブキュー ${queue} の空きを待っています`],
  [/^(.*) runs instead of it$/s, ([, job]) => `代わりに ${job} を実行します(排他分岐)`],
  [/^(approved|denied) by (.*)$/s, ([, how, who]) => `${who} が${how === 'approved' ? '承認' : '却下'}しました`],
  [
    /^(it should have (?:begun|ended) by now \((?:start|end) delay\)): it is (skipped|held|suspended)$/,
    ([, text = '', how = ''], say) => `${say(text)}。${LATE[how]}`,
  ],
  [
    /^(no such file was seen|the monitor said nothing|no such message came) within (\d+) minutes$/,
    ([, what = '', minutes]) => `${minutes} 分以内に${NOTHING[what]}`,
  ],
  [/^it could not be sent (\d+) times: (.*)$/s, ([, times, why]) => `${times} 回送信できませんでした: ${why}`],
  [/^message (\S+): (.*)$/s, ([, id, text]) => `メッセージ ${id}: ${text}`],
  [/^its agent did not answer (\d+) times$/, ([, times]) => `エージェントが ${times} 回応答しませんでした`],
  [/^the agent refused it: (.*)$/s, ([, why]) => `エージェントが拒否しました: ${why}`],
  [/^what became of the run on (.*) is known after all$/s, ([, node]) => `${node} での実行の結果が判明しました`],
  [/^its output could not be written: (.*)$/s, ([, why]) => `出力を書き込めませんでした: ${why}`],
  [/^there is no node or scope (.*)$/s, ([, of]) => `${of} というノードまたはスコープがありません`],
  [/^no enabled node is in (.*)$/s, ([, of]) => `${of} に有効なノードがありません`],
  [/^no agent has joined on (.*)$/s, ([, nodes]) => `${nodes} のエージェントが登録されていません`],
  [/^queue (.*) has no room for another job that waits$/s, ([, queue]) => `ジョブキュー ${queue} で待機できる数を超えています`],
  [/^no file in (.*) is named (.*)$/s, ([, directory, name]) => `${directory} に ${name} というファイルがありません`],
  [/^([a-z-]+) of this node$/, ([, operation = '']) => `このノード: ${OPERATIONS[`jobOperation.${operation}`] ?? operation}`],
  [/^as many commands as it may have run on (.*) already$/s, ([, node]) => `${node} で同時に実行できるコマンド数の上限です`],
];

/** By what a session was begun, and what was said of it. */
export const triggerJa = (type: string, info: string): string => `${TRIGGERS[type] ?? type}: ${historyJa(info)}`;

/** The sentence as it is where this console does not know it. */
export function historyJa(text: string): string {
  const known = HISTORY_JA[text];
  if (known !== undefined) return known;
  for (const [pattern, say] of PATTERNS) {
    const found = pattern.exec(text);
    if (found !== null) return say(found, historyJa);
  }
  // What somebody did, and why; or of a node, and what it said.
  const [, node, rest] = /^([\w.-]+): (.*)$/s.exec(text) ?? [];
  const operation = OPERATIONS[`jobOperation.${node}`];
  if (operation !== undefined) return `${operation}: ${rest}`;
  const said = rest === undefined ? '' : historyJa(rest);
  return said === '' || said === rest ? text : `${node}: ${said}`;
}
