import { useId, useState } from 'react';
import { type JobStatus, PLATFORM_LABELS, PLATFORMS, type Platform, STATUSES, type TrackingJob } from '../job';
import { JobRow } from './JobRow';
import { usePanelTools } from './panelContext';

/** All known jobs of the project, newest first, with search and filters. */
export function History({ jobs }: { jobs: readonly TrackingJob[] }) {
  const { words, isCut } = usePanelTools();
  const { labels } = words;
  const [name, setName] = useState('');
  const [status, setStatus] = useState<JobStatus | ''>('');
  const [platform, setPlatform] = useState<Platform | ''>('');
  const wanted = name.trim().toLowerCase();
  const found = jobs.filter(
    (job) =>
      (!status || job.status === status) &&
      (!platform || job.platform === platform) &&
      job.username.toLowerCase().includes(wanted),
  );
  return (
    <>
      <search className="tracking-panel__filters">
        <input
          type="search"
          className="tracking-panel__field"
          aria-label={labels.search}
          placeholder={labels.search}
          value={name}
          onChange={({ target }) => setName(target.value)}
        />
        <Choice label={labels.status} options={STATUSES} names={labels.statuses} value={status} onChoose={setStatus} />
        <Choice
          label={labels.platform}
          options={PLATFORMS}
          names={PLATFORM_LABELS}
          value={platform}
          onChoose={setPlatform}
        />
      </search>
      {found.length > 0 ? (
        <ul className="tracking-panel__list" aria-label={labels.history}>
          {found.map((job) => (
            <JobRow key={job.id} job={job} stays="always" day={dayOf(job, words.day)} />
          ))}
        </ul>
      ) : (
        <p className="tracking-panel__empty">{labels.nothingFound}</p>
      )}
      {isCut && <p className="tracking-panel__empty">{labels.newestOnly(words.number(jobs.length))}</p>}
    </>
  );
}

function dayOf({ completedAt, createdAt }: TrackingJob, day: (date: Date) => string): string {
  const date = completedAt ?? createdAt;
  return date ? day(date) : '';
}

interface ChoiceProps<Option extends string> {
  label: string;
  options: readonly Option[];
  names: Readonly<Record<Option, string>>;
  value: Option | '';
  onChoose: (option: Option | '') => void;
}

/** A filter: one of the options, or all. */
function Choice<Option extends string>({ label, options, names, value, onChoose }: ChoiceProps<Option>) {
  const { words } = usePanelTools();
  const id = useId();
  return (
    <>
      <label className="tracking-panel__unseen" htmlFor={id}>
        {label}
      </label>
      <select
        id={id}
        className="tracking-panel__field"
        value={value}
        onChange={({ target }) => onChoose(target.value as Option | '')}
      >
        <option value="">{`${label}: ${words.labels.all}`}</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {names[option]}
          </option>
        ))}
      </select>
    </>
  );
}
