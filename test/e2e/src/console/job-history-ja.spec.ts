import { JOB_TRANSITIONS } from '@yosugara/operations';
import { expect, it } from 'vitest';
import { historyJa } from '../../../../apps/console/src/i18n/job-history-ja.js';

it('why a job moved is told in Japanese, too', () => {
  const said = new Set(JOB_TRANSITIONS.map(({ why }) => why));
  expect([...said].filter((why) => historyJa(why) === why)).toEqual([]);
});
it.each([
  ['begun by manual: started by admin', '契機: 手動実行 (admin が実行)'],
  ['begun by event: disk full on web1', '契機: イベント (disk full on web1)'],
  ['run 2: it returned 0', '2 回目の実行: 終了値 0'],
  ['run 1: it was killed by SIGKILL (out of memory)', '1 回目の実行: シグナル SIGKILL で終了しました (out of memory)'],
  ['batch1: it returned 2', 'batch1: 終了値 2'],
  ['repair runs instead of it', '代わりに repair を実行します(排他分岐)'],
  [
    'it ended abnormally with 2 (batch1: it returned 2): attempt 2 of 4',
    '終了状態 異常、終了値 2 (batch1: 終了値 2)。4 回のうち 2 回目を実行します',
  ],
  [
    'run 1 did not start: no such user; it is told again in 30 s',
    '1 回目の実行は開始しませんでした: no such user。30 秒後にもう一度指示します',
  ],
  ['it should have begun by now (start delay): it is held', '開始が遅れています(開始遅延)。保留します'],
  ['no agent has joined on batch1, batch2', 'batch1, batch2 のエージェントが登録されていません'],
  ['hold: wait for the auditor', '保留: wait for the auditor'],
  ['stop of this node', 'このノード: 停止'],
  ['no such file was seen within 5 minutes', '5 分以内に該当するファイルがありませんでした'],
])('%s', (text, japanese) => expect(historyJa(text)).toBe(japanese));
it('what people wrote stays as they wrote it', () => {
  for (const text of ['web1: disk gone', 'totals agree', '']) expect(historyJa(text)).toBe(text);
});
