import type { TrackingJob } from '../job';
import { announcementsOf } from './jobText';
import { IconButton } from './PanelButton';
import { BellIcon } from './PanelIcons';
import { usePanelTools } from './panelContext';
import type { Words } from './words';

function isSupported(): boolean {
  return 'Notification' in globalThis;
}

function isAllowed(): boolean {
  return isSupported() && Notification.permission === 'granted';
}

interface BellProps {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

/** Turn the browser's notifications on and off. The browser asks for its permission at the first click only. */
export function Bell({ isOn, onChange }: BellProps) {
  const { words, announce } = usePanelTools();
  const isActive = isOn && isAllowed();
  if (!isSupported()) {
    return null;
  }

  async function turn(): Promise<void> {
    if (isActive) {
      onChange(false);
    } else if ((await Notification.requestPermission()) === 'granted') {
      onChange(true);
    } else {
      announce(words.labels.notifyBlocked);
    }
  }

  return (
    <IconButton label={words.labels.notify} isPressed={isActive} onClick={() => void turn()}>
      <BellIcon isOn={isActive} />
    </IconButton>
  );
}

/**
 * Tell of jobs that have ended, when nobody looks at the page. Two tabs of one project show one notification. Throws a
 * TypeError in Chrome on Android, which has notifications for service workers only.
 */
export function notify(ended: readonly TrackingJob[], words: Words): void {
  if (document.visibilityState === 'visible' || !isAllowed()) {
    return;
  }
  const notification = new Notification(words.labels.title, {
    body: announcementsOf(ended, words),
    lang: words.locale,
    tag: `account-tracking:${ended.map(({ id }) => id)}`,
  });
  notification.onclick = () => window.focus();
}
