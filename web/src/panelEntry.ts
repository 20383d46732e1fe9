/** Entry `account-tracking/panel`: all of the package that needs React. */

export { englishLabels, type Labels } from './panel/labels';
export {
  TrackingJobsPanel,
  TrackingJobsPanel as default,
  type TrackingJobsPanelProps,
} from './panel/TrackingJobsPanel';
export {
  type TrackingLanguage,
  TrackingProvider,
  type TrackingProviderProps,
  type TrackingScope,
} from './panel/TrackingProvider';
export type { PanelPosition } from './panel/usePanelHost';
