import {
  type MouseEvent,
  type PropsWithChildren,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import type { WebhookEndpoint } from '../news';
import type { Newest } from '../watchNewest';
import { EndpointDetails } from './EndpointDetails';
import { EndpointForm } from './EndpointForm';
import { Health } from './Health';
import { NewsFrame } from './NewsFrame';
import { NewsIcon } from './NewsIcons';
import { LoadFailure, NewsButton, NewsSkeleton } from './NewsParts';
import { type NewsPageProps, useNewsTools } from './newsContext';
import { shortUrl } from './newsWords';
import { useWatched, type Watched } from './useWatched';

const STANDARD = 'https://www.standardwebhooks.com';

export interface WebhookEndpointsProps extends NewsPageProps {
  /** The endpoint to show with its log; null for the list. Without it the component remembers what was clicked. */
  endpointId?: string | null | undefined;
  /** Called with the endpoint that was clicked, and with null to go back to the list. */
  onEndpoint?: ((endpointId: string | null) => void) | undefined;
  /** The address of an endpoint, or with null of the list, so that both are links. */
  hrefOf?: ((endpointId: string | null) => string) | undefined;
  /** The page of instructions for receivers, which is linked beside the secret. By default that of Standard Webhooks. */
  instructionsHref?: string | undefined;
}

/**
 * The organisation's webhooks, for owners and admins: the list, one endpoint with its secret, and the log of its
 * deliveries. Style: `account-tracking/news.css`.
 */
export function WebhookEndpoints(props: WebhookEndpointsProps) {
  return (
    <NewsFrame key={props.orgId} {...props}>
      <Endpoints {...props} />
    </NewsFrame>
  );
}

/** Watch the organisation's endpoints. */
export function useEndpoints(): Watched<Newest<WebhookEndpoint>> {
  const { source, orgId, access } = useNewsTools();
  return useWatched(
    useCallback(
      (onEndpoints, onError) => access.watchEndpoints(source, orgId, onEndpoints, onError),
      [access, source, orgId],
    ),
  );
}

function Endpoints({ endpointId, onEndpoint, hrefOf, instructionsHref = STANDARD }: WebhookEndpointsProps) {
  const { words } = useNewsTools();
  const { labels } = words;
  const endpoints = useEndpoints();
  const [clickedId, setClickedId] = useState<string | null>(null);
  const openedId = endpointId === undefined ? clickedId : endpointId;
  const titleId = useId();
  const page = useRef<HTMLDivElement>(null);
  const lastId = useRef(openedId);
  useEffect(() => {
    // What was clicked, or removed, is gone: the focus goes to the title of what came.
    if (lastId.current !== openedId) {
      lastId.current = openedId;
      page.current?.querySelector('h2')?.focus({ preventScroll: true });
    }
  }, [openedId]);

  function open(id: string | null): void {
    setClickedId(id);
    onEndpoint?.(id);
  }

  const link = (id: string | null) => ({ href: hrefOf?.(id), onOpen: () => open(id), isHandled: !!onEndpoint });
  const items = endpoints.value?.items;
  const opened = items?.find(({ id }) => id === openedId);
  const isStale = endpoints.value?.connection === 'reconnecting';
  const failure = endpoints.error;
  return (
    <div ref={page} className="tracking-news__page">
      {openedId !== null && (
        <OpenLink {...link(null)} className="tracking-news__back">
          <NewsIcon mark="back" />
          {labels.allEndpoints}
        </OpenLink>
      )}
      {openedId === null && (
        <section className="tracking-news__card" aria-labelledby={titleId} aria-busy={!items && !failure}>
          <EndpointList
            title={
              <h2 id={titleId} tabIndex={-1}>
                {labels.webhooks}
              </h2>
            }
            items={items}
            linkOf={link}
            isRefused={failure !== null && !items}
          />
          {failure && !items && <LoadFailure error={failure} onTryAgain={endpoints.tryAgain} />}
        </section>
      )}
      {openedId !== null && opened && (
        <EndpointDetails
          key={opened.id}
          endpoint={opened}
          instructionsHref={instructionsHref}
          onGone={() => open(null)}
        />
      )}
      {openedId !== null && !opened && (
        <section className="tracking-news__card" aria-label={labels.webhooks} aria-busy={!items && !failure}>
          {items && <p className="tracking-news__empty">{labels.noSuchEndpoint}</p>}
          {!items && !failure && <NewsSkeleton rows={5} />}
          {!items && failure && <LoadFailure error={failure} onTryAgain={endpoints.tryAgain} />}
        </section>
      )}
      {items && (isStale || failure) && <p className="tracking-news__stale">{labels.lastKnown}</p>}
    </div>
  );
}

interface LinkProps {
  href: string | undefined;
  onOpen: () => void;
  /** Whether the page itself goes there at a click. Otherwise the browser follows the link. */
  isHandled: boolean;
}

function OpenLink({
  href,
  onOpen,
  isHandled,
  className,
  children,
}: LinkProps & PropsWithChildren<{ className: string }>) {
  if (href === undefined) {
    return (
      <button type="button" className={className} onClick={onOpen}>
        {children}
      </button>
    );
  }
  const click = (event: MouseEvent) => {
    const isPlain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (isPlain && isHandled) {
      event.preventDefault();
      onOpen();
    }
  };
  return (
    <a className={className} href={href} onClick={click}>
      {children}
    </a>
  );
}

interface EndpointListProps {
  title: ReactNode;
  items: readonly WebhookEndpoint[] | undefined;
  linkOf: (id: string) => LinkProps;
  isRefused: boolean;
}

function EndpointList({ title, items, linkOf, isRefused }: EndpointListProps) {
  const { source, orgId, access, words, announce } = useNewsTools();
  const { labels } = words;
  const [isAdding, setIsAdding] = useState(false);
  return (
    <>
      <div className="tracking-news__head">
        {title}
        {!isRefused && (
          <NewsButton kind={isAdding ? 'plain' : 'primary'} isDisabled={!items} onClick={() => setIsAdding(!isAdding)}>
            {/* One button, so that it gets the focus back. */}
            {isAdding ? labels.close : labels.add}
          </NewsButton>
        )}
      </div>
      <p className="tracking-news__quiet">{labels.aboutWebhooks}</p>
      {isAdding && (
        <EndpointForm
          failing="add"
          title={labels.newEndpoint}
          submit={labels.add}
          submitting={labels.adding}
          onSubmit={async (endpoint) => {
            await access.addEndpoint(source, orgId, endpoint);
            announce(labels.added);
          }}
          onClose={() => setIsAdding(false)}
        />
      )}
      {!items && !isRefused && <NewsSkeleton rows={3} />}
      {items?.length === 0 && !isAdding && (
        <div className="tracking-news__empty">
          <p className="tracking-news__strong">{labels.noEndpoints}</p>
          <p>{labels.aboutNoEndpoints}</p>
        </div>
      )}
      {items && items.length > 0 && (
        <ul className="tracking-news__list">
          {items.map((endpoint) => (
            <EndpointRow key={endpoint.id} endpoint={endpoint} link={linkOf(endpoint.id)} />
          ))}
        </ul>
      )}
    </>
  );
}

function EndpointRow({ endpoint, link }: { endpoint: WebhookEndpoint; link: LinkProps }) {
  const { words } = useNewsTools();
  const { labels } = words;
  const { url, description, eventTypes } = endpoint;
  const count = eventTypes.length;
  return (
    <li className="tracking-news__endpoint">
      <div className="tracking-news__address">
        <OpenLink {...link} className="tracking-news__url">
          {shortUrl(url)}
        </OpenLink>
        <p className="tracking-news__quiet">
          {description && <span className="tracking-news__description">{description}</span>}
          <span>{count === 0 ? labels.allEvents : labels.someEvents(words.number(count), count)}</span>
        </p>
      </div>
      <Health endpoint={endpoint} />
      <NewsIcon mark="chevron" />
    </li>
  );
}
