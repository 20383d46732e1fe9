import { useState } from 'react';
import { trackingJobError } from '../src/errors';
import { PLATFORM_LABELS, type Platform } from '../src/job';
import type { Sample } from './config';

interface SamplesProps {
  samples: readonly Sample[];
  onTrack: (username: string, platform: Platform) => Promise<void>;
  isTracked: (sample: Sample) => boolean;
}

/** Offer well-known accounts to somebody who has none yet. */
export function Samples({ samples, onTrack, isTracked }: SamplesProps) {
  const [problem, setProblem] = useState('');

  async function track({ username, platform }: Sample): Promise<void> {
    setProblem('');
    try {
      await onTrack(username, platform);
    } catch (thrown) {
      setProblem(trackingJobError(thrown).message);
    }
  }

  if (samples.length === 0) {
    return null;
  }
  return (
    <div className="samples">
      <p>Or begin with one of these:</p>
      {samples.map((sample) => (
        <button
          key={sample.username}
          type="button"
          className="secondary"
          disabled={isTracked(sample)}
          onClick={() => void track(sample)}
        >
          @{sample.username} on {PLATFORM_LABELS[sample.platform]}
        </button>
      ))}
      <p className="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}
