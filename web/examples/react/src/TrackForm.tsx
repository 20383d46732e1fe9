import { type Platform, TrackingJobService, trackingJobError } from 'account-tracking';
import { checkUsername, PLATFORM_LABELS, PLATFORMS, platformOf } from 'account-tracking/username';
import { type ChangeEvent, useState } from 'react';
import { scope } from './tracking';

/** Form that writes a job. `userId`: who is signed in; the rules demand that it is the job's user. */
export function TrackForm({ userId }: { userId: string }) {
  const [username, setUsername] = useState('');
  const [platform, setPlatform] = useState<Platform>('instagram');
  const [problem, setProblem] = useState<string | null>(null);

  function type(event: ChangeEvent<HTMLInputElement>): void {
    const typed = event.target.value;
    setUsername(typed);
    setPlatform(platformOf(typed) ?? platform); // a pasted link says which platform it is
    setProblem(null);
  }

  async function track(): Promise<void> {
    const refusal = checkUsername(username, platform);
    setProblem(refusal);
    if (refusal !== null) {
      return;
    }
    try {
      await TrackingJobService.createJob(scope.orgId, scope.projectId, userId, username, platform, 'competitor');
      setUsername('');
    } catch (thrown) {
      setProblem(trackingJobError(thrown).message); // a sentence for a person
    }
  }

  return (
    <form action={track}>
      <label>
        Account
        <input value={username} onChange={type} placeholder="@name or link" autoCapitalize="none" spellCheck={false} />
      </label>
      <label>
        Platform
        <select value={platform} onChange={(event) => setPlatform(event.target.value as Platform)}>
          {PLATFORMS.map((name) => (
            <option key={name} value={name}>
              {PLATFORM_LABELS[name]}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Track</button>
      <p role="alert">{problem}</p>
    </form>
  );
}
