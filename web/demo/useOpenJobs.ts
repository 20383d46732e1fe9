import { useEffect, useState } from 'react';
import type { TrackingJob } from '../src/job';
import type { TrackingJobService } from '../src/service';
import type { ProjectScope } from '../src/watchAccounts';
import { isUnfinished } from './matching';

/** Watch the project's jobs that wait or run. The panel watches the same jobs, and both share one listener. */
export function useOpenJobs(service: TrackingJobService, { orgId, projectId }: ProjectScope): readonly TrackingJob[] {
  const [jobs, setJobs] = useState<readonly TrackingJob[]>([]);
  useEffect(() => {
    const onFailure = () => {}; // the panel shows the reason
    return service.watchProjectJobs(orgId, projectId, (all) => setJobs(all.filter(isUnfinished)), onFailure);
  }, [service, orgId, projectId]);
  return jobs;
}
