/** Entry `account-tracking/panel`: all of the package that needs React. */

export { englishLabels, type Labels } from './panel/labels';
export {
  TrackingJobsPanel,
  TrackingJobsPanel as default,
  type TrackingJobsPanelProps,
} from './panel/TrackingJobsPanel';
export { TrackingProvider, type TrackingScope } from './panel/TrackingProvider';
export type { PanelPosition } from './panel/usePanelHost';
