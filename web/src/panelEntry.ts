/** Entry `account-tracking/panel`: all of the package that needs React. */

export {
  TrackingJobsPanel,
  TrackingJobsPanel as default,
  type TrackingJobsPanelProps,
} from './panel/TrackingJobsPanel';
export { TrackingProvider, type TrackingScope } from './panel/TrackingProvider';
