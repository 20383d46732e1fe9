import type { NewsSource } from '../../src/news';
import { NotificationPreferences } from '../../src/news/NotificationPreferences';
import type { NewsAccess } from '../../src/news/newsAccess';
import { WebhookEndpoints } from '../../src/news/WebhookEndpoints';
import { hrefOf, type Route } from '../route';

export interface NewsPagesProps {
  source: NewsSource;
  orgId: string;
  route: Extract<Route, { page: 'notifications' | 'webhooks' }>;
  onRoute: (route: Route) => void;
  /** Tests pass their own. */
  access?: NewsAccess;
}

/** The pages of mail settings and of webhooks. Whoever is not owner or admin reads there that webhooks are for those. */
export function NewsPages({ source, orgId, route, onRoute, access }: NewsPagesProps) {
  return (
    <div className="news-page">
      {route.page === 'notifications' ? (
        <NotificationPreferences source={source} orgId={orgId} access={access} />
      ) : (
        <WebhookEndpoints
          source={source}
          orgId={orgId}
          access={access}
          endpointId={route.id}
          onEndpoint={(id) => onRoute({ page: 'webhooks', id })}
          hrefOf={(id) => hrefOf({ page: 'webhooks', id })}
        />
      )}
    </div>
  );
}
