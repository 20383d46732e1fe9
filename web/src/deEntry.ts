/** Entry `account-tracking/de`: German for the panel, for charts, and for pages that show sentences of jobs by themselves. */

export { germanChartLabels } from './charts/chartLabels.de';
export { germanLabels, germanSentences } from './panel/de';
