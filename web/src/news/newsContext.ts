import { createContext, useContext, useMemo } from 'react';
import type { NewsSource } from '../news';
import type { NewsAccess } from './newsAccess';
import type { NewsLabels } from './newsLabels';
import { type NewsWords, newsWordsOf } from './newsWords';

export interface NewsProject {
  id: string;
  name: string;
}

/** Properties that every page of news has. */
export interface NewsPageProps {
  /** The page's Firebase. Pass the same object at each render: a new one makes a new listener. */
  source: NewsSource;
  orgId: string;
  /** The organisation's projects, to choose from. Without them nothing is said of projects. */
  projects?: readonly NewsProject[] | undefined;
  /** Texts in place of the English ones. Pass the same object at each render. */
  labels?: Partial<NewsLabels> | undefined;
  /** Formats numbers and times, as `de-CH` does; a BCP 47 tag. By default the language of the labels. */
  locale?: string | undefined;
  /** For the page's element. */
  className?: string | undefined;
  /** Calls in place of those of `account-tracking/news`, for tests. Pass the same object at each render. */
  access?: NewsAccess | undefined;
}

/** Everything that the parts of one page share. */
export interface NewsTools {
  source: NewsSource;
  orgId: string;
  access: NewsAccess;
  projects: readonly NewsProject[];
  words: NewsWords;
  /** Say a sentence in the live region. */
  announce: (text: string) => void;
}

export const NewsContext = createContext<NewsTools | null>(null);
NewsContext.displayName = 'NewsContext';

export function useNewsTools(): NewsTools {
  const tools = useContext(NewsContext);
  if (tools === null) {
    throw new Error('a part of a page of news is outside of its page');
  }
  return tools;
}

export function useNewsWords(labels: Partial<NewsLabels> | undefined, locale: string | undefined): NewsWords {
  return useMemo(() => newsWordsOf(labels, locale), [labels, locale]);
}
