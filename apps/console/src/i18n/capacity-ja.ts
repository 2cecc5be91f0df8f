import type { CapacityKey } from './capacity-en.js';

/** 容量ページの文言。 */
export const capacityJa: Readonly<Record<CapacityKey, string>> = {
  'capacity.title': '容量',
  'capacity.onlyFilling': '増え続けているもの、残りが少ないものだけ',
  'capacity.notYet': 'まだ計測していません。最初の値は起動の 1 分後、最初の予測は 12 分後です。',
  'capacity.noneFills': '増え続けているもの、残りが少ないものはありません。',
  'capacity.ofCluster': 'クラスタ',
  'capacity.what': '対象',
  'capacity.use': '使用量',
  'capacity.course': '直近の推移',
  'capacity.when': 'いっぱいになる時期',
  'capacity.confidence': '確かさ',
  'capacity.now': 'いっぱい',
  'capacity.in': 'あと {time} でいっぱい',
  'capacity.notWithin': '{time} 以内にはいっぱいにならない',
  'capacity.never': 'この速さではいっぱいにならない',
  'capacity.unknown': '–',
  'capacity.sure.low': '不確か',
  'capacity.sure.medium': 'ほぼ確か',
  'capacity.sure.high': '確か',
  'capacity.history': '{name}: 直近の推移',
  'capacity.between': 'いっぱいになる範囲',
  'capacity.perDay': '1 日あたりの増加',
  'capacity.peak': '最大',
  'capacity.seen': '根拠とした履歴',
  'capacity.todo': '変更すること',
  'capacity.graph': 'グラフ',
  'capacity.openGraph': 'グラフで開く',
  'capacityOf.disk': 'ボリューム',
  'capacityOf.files': 'ボリュームのファイル数',
  'capacityOf.journal': 'ジャーナル',
  'capacityOf.waiting-messages': '未格納のメッセージ',
  'capacityOf.ingest-rate': '毎秒の格納メッセージ数',
  'capacityOf.wal': 'ディスク上の WAL',
  'capacityOf.wal-slot': '保持中の WAL',
  'capacityOf.wal-archive': 'バックアップ先を待つ WAL',
  'capacityOf.database': 'テーブル',
  'capacityOf.connections': 'PostgreSQL の接続数',
  'capacityOf.job-queue': 'ジョブキュー',
  'capacityOf.job-wait': 'キューの最長待ち時間',
  'capacityOf.agents': '接続中のエージェント',
  'capacityOf.outbox': '送信待ちの通知',
  'capacityAdvice.disk': 'ボリュームを拡張するか、保持期間を短くしてください。「保存期間」ページで内訳と日数を確認できます。',
  'capacityAdvice.files': '小さなファイルが非常に多いフォルダを探すか、i ノードを増やしてファイルシステムを作り直してください。',
  'capacityAdvice.journal':
    '格納処理と相手ノードへのコピーで減ります。遅れの原因を確認してください。長い停止に備えるには、ボリュームの空きとともに receiver.maxJournalMb を増やしてください。',
  'capacityAdvice.waiting-messages':
    '格納が追いついていません。PostgreSQL のディスクを速くするか、メッセージを減らしてください(「受信」ページ)。',
  'capacityAdvice.ingest-rate':
    '上限は、待ちがあった間の最大の格納速度です。PostgreSQL のディスクを速くする、messages.textIndex: none にする、メッセージを減らす、のいずれかです。',
  'capacityAdvice.wal': '不在のノード、応答しないアーカイブ、または見知らぬスロットが保持しています。',
  'capacityAdvice.wal-slot':
    'WAL が破棄される前に、そのノードを復帰させてください。破棄後は全体のコピーになります。または回線を太くしてください。',
  'capacityAdvice.wal-archive':
    'バックアップ先が応答しない原因を確認するか、ボリュームの空きとともに backup.maxWaitingWalMb を増やしてください。',
  'capacityAdvice.database': '保持期間を短くしてください。「保存期間」ページで種類ごとに日数を設定できます。',
  'capacityAdvice.connections':
    '独自のプログラムにはプーラーを使うか、postgresql.conf の max_connections をスタンバイから順に増やしてください。',
  'capacityAdvice.job-queue':
    'ノードに余裕があればキューの同時実行数を増やす、待てる数 (capacity) を増やす、開始時刻を分散する、のいずれかです。',
  'capacityAdvice.job-wait': 'ジョブキューと同じです。',
  'capacityAdvice.agents':
    '1 つのマスタではこれ以上接続できません。別のクラスタに分けるか、エージェントなしの監視を使ってください。',
  'capacityAdvice.outbox':
    '送信先が応答するか確認してください。監視の通知が多すぎる場合は、通知の initialCount を増やしてください。',
};
