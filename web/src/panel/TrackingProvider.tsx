import { createContext, type ReactNode, useContext } from 'react';
import { TrackingJobError } from '../errors';
import type { JobSource } from '../service';

/** The part of the page around it that the panel needs. */
export interface TrackingScope {
  /** The source of the jobs. Pass the same object at each render: a new one makes a new listener. */
  service: JobSource;
  orgId: string;
  projectId: string;
}

const TrackingContext = createContext<TrackingScope | null>(null);
TrackingContext.displayName = 'TrackingContext';

/** Give the panels inside it a service, an organisation and a project, so that they need no such props. */
export function TrackingProvider({ children, service, orgId, projectId }: TrackingScope & { children?: ReactNode }) {
  return <TrackingContext.Provider value={{ service, orgId, projectId }}>{children}</TrackingContext.Provider>;
}

/**
 * Return the props `service`, `orgId` and `projectId`; each that is missing comes from the nearest provider. Throws
 * `not-set-up` when one is missing in both, since a panel without it could only stay empty for ever.
 */
export function useTrackingScope({ service, orgId, projectId }: Partial<TrackingScope>): TrackingScope {
  const provided = useContext(TrackingContext);
  const scope = {
    service: service ?? provided?.service,
    orgId: orgId ?? provided?.orgId,
    projectId: projectId ?? provided?.projectId,
  };
  if (isWhole(scope)) {
    return scope;
  }
  const message =
    'TrackingJobsPanel needs service, orgId and projectId: as props, or from a <TrackingProvider> around it.';
  throw new TrackingJobError('not-set-up', { message });
}

function isWhole(scope: { [Field in keyof TrackingScope]: TrackingScope[Field] | undefined }): scope is TrackingScope {
  return scope.service !== undefined && scope.orgId !== undefined && scope.projectId !== undefined;
}
