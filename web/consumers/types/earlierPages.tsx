/** Calls as the pages of the earlier system have them. They must compile in strict mode as they stand. */

import TrackingJobsPanel from 'account-tracking/panel';
import TrackingJobService from 'account-tracking/service';

export async function trackAccount(orgId: string, projectId: string, userId: string): Promise<() => void> {
  const jobId = await TrackingJobService.createJob(orgId, projectId, userId, 'nasa', 'instagram', 'competitor');
  const unsubscribe = TrackingJobService.watchJob(jobId, (job) => {
    console.log(`${job.progress}% - ${job.message}`);
    if (job.status === 'completed') {
      console.log(`Account ${job.accountId}`);
    }
    if (job.status === 'failed') {
      console.error(job.error);
    }
  });
  const stop = TrackingJobService.watchProjectJobs(orgId, projectId, (jobs) => {
    console.log(jobs.filter((job) => job.status === 'processing').length);
  });
  const job = await TrackingJobService.getJob(jobId);
  const jobs = await TrackingJobService.getProjectJobs(orgId, projectId);
  console.log(job?.status, jobs.length);
  await TrackingJobService.retryJob(jobId);
  await TrackingJobService.cancelJob(jobId);
  await TrackingJobService.cleanupOldJobs(7);
  await TrackingJobService.triggerProcessor();
  return () => {
    unsubscribe();
    stop();
  };
}

export function Page() {
  return (
    <main>
      <TrackingJobsPanel
        onJobCompleted={(accountId) => {
          console.log(accountId.toUpperCase());
        }}
      />
    </main>
  );
}
