import { useState } from 'react';
import { trackingJobError } from '../src/errors';
import { PLATFORM_LABELS, type Platform } from '../src/job';

/** Accounts to begin with. The local stack's simulator has recorded answers for them. */
const SAMPLES: readonly (readonly [username: string, platform: Platform])[] = [
  ['NASA', 'instagram'],
  ['GoogleDevelopers', 'youtube'],
  ['loveluxury.com', 'tiktok'],
  ['wunpini_fm', 'twitter'],
];

interface SamplesProps {
  onTrack: (username: string, platform: Platform) => Promise<void>;
  isTracked: (username: string, platform: Platform) => boolean;
}

/** Offer well-known accounts to somebody who has none yet. */
export function Samples({ onTrack, isTracked }: SamplesProps) {
  const [problem, setProblem] = useState('');

  async function track(username: string, platform: Platform): Promise<void> {
    setProblem('');
    try {
      await onTrack(username, platform);
    } catch (thrown) {
      setProblem(trackingJobError(thrown).message);
    }
  }

  return (
    <div className="samples">
      <p>Or begin with one of these:</p>
      {SAMPLES.map(([username, platform]) => (
        <button
          key={username}
          type="button"
          className="secondary"
          disabled={isTracked(username, platform)}
          onClick={() => void track(username, platform)}
        >
          @{username} on {PLATFORM_LABELS[platform]}
        </button>
      ))}
      <p className="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}
