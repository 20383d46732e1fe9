import { Deliveries } from './Deliveries';
import { NewsFrame } from './NewsFrame';
import { LoadFailure, NewsSkeleton } from './NewsParts';
import { type NewsPageProps, useNewsTools } from './newsContext';
import { useEndpoints } from './WebhookEndpoints';

export interface DeliveryLogProps extends NewsPageProps {
  endpointId: string;
}

/** The log of one endpoint's deliveries, by itself. `WebhookEndpoints` has it, too. */
export function DeliveryLog(props: DeliveryLogProps) {
  return (
    <NewsFrame key={JSON.stringify([props.orgId, props.endpointId])} {...props}>
      <Log endpointId={props.endpointId} />
    </NewsFrame>
  );
}

function Log({ endpointId }: { endpointId: string }) {
  const { labels } = useNewsTools().words;
  const { value, error, tryAgain } = useEndpoints();
  const endpoint = value?.items.find(({ id }) => id === endpointId);
  if (endpoint) {
    return <Deliveries endpoint={endpoint} title="h2" />;
  }
  return (
    <section className="tracking-news__card" aria-label={labels.log} aria-busy={!value && !error}>
      {value && <p className="tracking-news__empty">{labels.noSuchEndpoint}</p>}
      {!value && !error && <NewsSkeleton rows={5} />}
      {!value && error && <LoadFailure error={error} onTryAgain={tryAgain} />}
    </section>
  );
}
