import type { ChartLabels } from './chartLabels';

export const germanChartLabels: ChartLabels = {
  language: 'de',
  noData: 'Noch keine Daten',
  noValue: 'Kein Wert',
  showTable: 'Als Tabelle zeigen',
  showChart: 'Als Diagramm zeigen',
  day: 'Tag',
  weekday: 'Wochentag',
  line: ({ name, from, to, first, last, lowest, highest }) =>
    `${name}: ${first} am ${from}, ${last} am ${to}. Tiefster Wert ${lowest}, höchster ${highest}.`,
  bars: ({ name, from, to, total, lowest, highest }) =>
    `${name}: zusammen ${total}, vom ${from} bis ${to}. Tiefster Wert ${lowest}, höchster ${highest}.`,
  onlyValue: ({ name, to, last }) => `${name}: ${last} am ${to}.`,
  gaps: (shown, count) => (count === 1 ? 'Ein Tag hat keinen Wert.' : `${shown} Tage haben keinen Wert.`),
  posts: (shown, count) => `${shown} ${count === 1 ? 'Beitrag' : 'Beiträge'}`,
  cell: (weekday, hour, posts) => `${weekday}, ${hour}: ${posts}`,
  busiest: (cell) => `Meiste Beiträge: ${cell}.`,
  less: 'Weniger',
  more: 'Mehr',
};
