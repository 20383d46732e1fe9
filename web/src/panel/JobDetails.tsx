import { Fragment, type ReactNode } from 'react';
import { RESOURCES, RETRYABLE, type TrackingJob } from '../job';
import { useRemainingMs } from './Figures';
import { detailOf } from './jobText';
import { MOMENTS, type Moment } from './labels';
import { usePanelTools } from './panelContext';
import { usePlace } from './queue';
import { useWaitReason } from './usePauses';
import type { Words } from './words';

/** Show all that is known about a job. `children` are its further actions. */
export function JobDetails({ job, children }: { job: TrackingJob; children: ReactNode }) {
  const { words, nameOf } = usePanelTools();
  const { labels } = words;
  const waitReason = useWaitReason(job);
  const place = usePlace(job);
  const sentence = job.status === 'pending' ? waitReason?.sentence : detailOf(job, words);
  const facts: [name: string, value: string][] = [
    ...momentsOf(job).map(([moment, date], index, all): [string, string] => [
      labels.moments[moment],
      words.moment(date, all[index - 1]?.[1]),
    ]),
    ...(job.attempt > 1 ? [[labels.attempts, words.number(job.attempt)] as [string, string]] : []),
    ...(job.retryCount > 0 ? [[labels.retries, words.number(job.retryCount)] as [string, string]] : []),
  ];
  const cost = costOf(job, words);
  const adder = nameOf?.(job.userId);
  if (adder) {
    facts.push([labels.addedBy, adder]);
  }
  if (cost) {
    facts.push([labels.cost, cost]);
  }
  return (
    <>
      {sentence && <p className="tracking-panel__sentence">{sentence}</p>}
      {place && <p>{place.sentence}</p>}
      <Expectation job={job} />
      <dl className="tracking-panel__facts">
        {facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      {children}
    </>
  );
}

/** Say how long the job probably still takes. */
function Expectation({ job }: { job: TrackingJob }) {
  const { words } = usePanelTools();
  const leftMs = useRemainingMs(job);
  if (leftMs === null) {
    return null;
  }
  return <p>{leftMs > 0 ? words.labels.aboutLeft(words.estimate(leftMs)) : words.labels.slow}</p>;
}

/** Return the known moments of a job. A job in the queue keeps none of its last attempt. */
function momentsOf(job: TrackingJob): [Moment, Date][] {
  const { createdAt, startedAt, completedAt, steps } = job;
  const known: Partial<Record<Moment, Date | null>> = {
    ...(job.status === 'pending' ? {} : steps),
    created: createdAt,
    started: startedAt,
    ended: RETRYABLE.includes(job.status) || job.status === 'completed' ? completedAt : null,
  };
  return MOMENTS.flatMap((moment): [Moment, Date][] => {
    const date = known[moment];
    return date ? [[moment, date]] : [];
  });
}

function costOf({ spent }: TrackingJob, { labels, number, dollars }: Words): string {
  return RESOURCES.flatMap((kind) => {
    const amount = spent[kind];
    if (!amount) {
      return [];
    }
    return [kind === 'usd' ? dollars(amount) : labels.spent[kind](number(amount))];
  }).join(', ');
}
