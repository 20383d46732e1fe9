export { TrackingJobsPanel, type TrackingJobsPanelProps } from './panel/TrackingJobsPanel';
export * from './service';
