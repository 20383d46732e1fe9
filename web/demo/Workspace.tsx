import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import { useMemo, useState } from 'react';
import type { AccountType, Platform } from '../src/job';
import { TrackingJobsPanel } from '../src/panel/TrackingJobsPanel';
import { TrackingJobService } from '../src/service';
import { AccountList } from './AccountList';
import { AccountVideos } from './AccountVideos';
import { useAccount, useAccounts } from './live';
import { TrackForm } from './TrackForm';
import { useSelection } from './useSelection';

const ACCOUNTS_PER_PAGE = 50;

interface WorkspaceProps {
  auth: Auth;
  firestore: Firestore;
  triggerUrl: string;
  userId: string;
  orgId: string;
  projectId: string;
}

/** One project of one organisation: track an account, see the tracked ones and their videos. */
export function Workspace({ auth, firestore, triggerUrl, userId, orgId, projectId }: WorkspaceProps) {
  const service = useMemo(
    () => new TrackingJobService({ firestore, auth, triggerUrl, orgId }),
    [firestore, auth, triggerUrl, orgId],
  );
  const [size, setSize] = useState(ACCOUNTS_PER_PAGE);
  const accounts = useAccounts(firestore, orgId, projectId, size);
  const [selectedId, select] = useSelection();
  const [arrivedId, setArrivedId] = useState<string | null>(null);

  const items = accounts.status === 'ready' ? accounts.items : [];
  const opened = useAccount(firestore, orgId, projectId, selectedId); // which may be further down than the list goes
  const selected = items.find(({ id }) => id === selectedId) ?? opened;

  async function track(username: string, platform: Platform, accountType: AccountType): Promise<void> {
    await service.createJob(orgId, projectId, userId, username, platform, accountType);
  }

  /** Marked in the list, and opened where that takes nothing away that is being looked at. */
  function show(accountId: string): void {
    setArrivedId(accountId);
    if (!selected && hasRoomForBoth()) {
      select(accountId);
    }
  }

  return (
    <main className="workspace" data-open={selected !== null}>
      <h1 className="unseen">Tracked accounts</h1>
      <TrackForm onTrack={track} />
      <AccountList
        accounts={accounts}
        selectedId={selected?.id ?? null}
        arrivedId={arrivedId}
        onSelect={select}
        onMore={() => setSize(size + ACCOUNTS_PER_PAGE)}
      />
      {selected ? (
        <AccountVideos
          key={selected.id}
          firestore={firestore}
          orgId={orgId}
          projectId={projectId}
          account={selected}
          onBack={() => select(null)}
        />
      ) : (
        items.length > 0 && <p className="choose">Choose an account to see its videos.</p>
      )}
      <TrackingJobsPanel service={service} orgId={orgId} projectId={projectId} onJobCompleted={show} />
    </main>
  );
}

/** As in demo.css: list and videos side by side. */
function hasRoomForBoth(): boolean {
  return window.matchMedia('(min-width: 56rem)').matches;
}
