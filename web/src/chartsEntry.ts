/** Entry `account-tracking/charts`: charts of values by day, and functions that prepare them, which also run on servers. */

export { BarChart, type BarChartProps } from './charts/BarChart';
export type { ChartProps } from './charts/ChartFrame';
export { type ChartLabels, englishChartLabels, type LineFacts } from './charts/chartLabels';
export { type CsvCell, toCsv } from './charts/csv';
export { dailyChanges, type Growth, growthOver, indexed } from './charts/growth';
export { HeatMap, type HeatMapProps } from './charts/HeatMap';
export { LineChart, type LineChartProps } from './charts/LineChart';
export { postingTimes } from './charts/postingTimes';
export { Sparkline, type SparklineProps } from './charts/Sparkline';
export type { DayRange, Point, Series } from './charts/series';
