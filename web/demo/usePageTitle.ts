import { useEffect } from 'react';
import busyIcon from './icon-busy.svg';

/** Name the open account and the number of running jobs in the tab: in its title, and by a dot on its icon. */
export function usePageTitle(accountName: string | undefined, openJobs: number): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${openJobs > 0 ? `(${openJobs}) ` : ''}${accountName ? `${accountName} · ` : ''}${before}`;
    return () => {
      document.title = before;
    };
  }, [accountName, openJobs]);
  const isBusy = openJobs > 0;
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const before = icon?.getAttribute('href');
    if (!icon || !before || !isBusy) {
      return;
    }
    icon.href = busyIcon;
    return () => icon.setAttribute('href', before);
  }, [isBusy]);
}
