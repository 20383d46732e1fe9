import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { TrackingJobError } from '../errors';
import type { JobSource } from '../service';
import type { Labels } from './labels';
import { type Words, wordsOf } from './words';

/** The part of the page around it that the panel needs. */
export interface TrackingScope {
  /** The source of the jobs. Pass the same object at each render: a new one makes a new listener. */
  service: JobSource;
  orgId: string;
  projectId: string;
}

export interface TrackingLanguage {
  /** Texts in place of the English ones. Pass the same object at each render. */
  labels?: Partial<Labels> | undefined;
  /** Formats numbers and times, as `de-CH` does; a BCP 47 tag. By default the language of the labels. */
  locale?: string | undefined;
}

export interface TrackingProviderProps extends TrackingScope, TrackingLanguage {
  children?: ReactNode;
}

const TrackingContext = createContext<(TrackingScope & TrackingLanguage) | null>(null);
TrackingContext.displayName = 'TrackingContext';

/** Give the panels inside it a service, an organisation, a project and a language, so that they need no such props. */
export function TrackingProvider({ children, ...provided }: TrackingProviderProps) {
  return <TrackingContext.Provider value={provided}>{children}</TrackingContext.Provider>;
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

/** Make the words of a panel. Each of its own labels wins over that of the nearest provider, and so does its locale. */
export function useWords({ labels, locale }: TrackingLanguage): Words {
  const provided = useContext(TrackingContext);
  const [around, tag] = [provided?.labels, locale ?? provided?.locale];
  return useMemo(() => wordsOf({ ...around, ...labels }, tag), [around, labels, tag]);
}

function isWhole(scope: { [Field in keyof TrackingScope]: TrackingScope[Field] | undefined }): scope is TrackingScope {
  return scope.service !== undefined && scope.orgId !== undefined && scope.projectId !== undefined;
}
