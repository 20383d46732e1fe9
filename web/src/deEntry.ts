/** Entry `account-tracking/de`: German for the panel, for charts, for pages of news, and for pages that show sentences of jobs by themselves. */

export { germanChartLabels } from './charts/chartLabels.de';
export { germanNewsLabels } from './news/newsLabels.de';
export { germanLabels, germanSentences } from './panel/de';
