import { type ReactNode, useCallback, useMemo, useState } from 'react';
import { FIRESTORE_NEWS } from './newsAccess';
import { NewsContext, type NewsPageProps, type NewsProject, type NewsTools, useNewsWords } from './newsContext';

const NO_PROJECTS: readonly NewsProject[] = [];

/** The element of a page, with its live region and what its parts share. */
export function NewsFrame({ children, ...props }: NewsPageProps & { children: ReactNode }) {
  const { source, orgId, access = FIRESTORE_NEWS, projects = NO_PROJECTS, className } = props;
  const words = useNewsWords(props.labels, props.locale);
  const [said, setSaid] = useState({ text: '', number: 0 });
  const announce = useCallback((text: string) => setSaid(({ number }) => ({ text, number: number + 1 })), []);
  const tools = useMemo<NewsTools>(
    () => ({ source, orgId, access, projects, words, announce }),
    [source, orgId, access, projects, words, announce],
  );
  return (
    <NewsContext.Provider value={tools}>
      <div className={className ? `tracking-news ${className}` : 'tracking-news'} lang={words.locale}>
        <p className="tracking-news__unseen" role="status">
          {/* A new key, so that the same sentence is said again. */}
          <span key={said.number}>{said.text}</span>
        </p>
        {children}
      </div>
    </NewsContext.Provider>
  );
}
