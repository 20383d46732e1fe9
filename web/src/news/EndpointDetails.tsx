import { useId, useState } from 'react';
import type { WebhookEndpoint } from '../news';
import { Deliveries } from './Deliveries';
import { EndpointForm } from './EndpointForm';
import { Health } from './Health';
import { Confirm, Failure, NewsButton } from './NewsParts';
import { useNewsTools } from './newsContext';
import { typeName } from './newsWords';
import { SigningSecret } from './SigningSecret';
import { useNewsAction } from './useNewsAction';

interface EndpointDetailsProps {
  endpoint: WebhookEndpoint;
  instructionsHref: string;
  /** Called when it is removed. */
  onGone: () => void;
}

type Open = 'edit' | 'remove' | null;

/** One endpoint: how it does, what it gets, its secret, and the log of its deliveries. */
export function EndpointDetails({ endpoint, instructionsHref, onGone }: EndpointDetailsProps) {
  const { source, orgId, access, words, announce, projects } = useNewsTools();
  const { labels } = words;
  const { id, url, description, enabled } = endpoint;
  const [open, setOpen] = useState<Open>(null);
  const switching = useNewsAction();
  const removing = useNewsAction();
  const titleId = useId();

  async function turn(): Promise<void> {
    const isDone = await switching.run(() => access.changeEndpoint(source, orgId, id, { enabled: !enabled }));
    if (isDone) {
      announce(enabled ? labels.switchedOff : labels.switchedOn);
    }
  }

  async function remove(): Promise<void> {
    if (await removing.run(() => access.removeEndpoint(source, orgId, id))) {
      announce(labels.removed);
      onGone();
    }
  }

  return (
    <>
      <section className="tracking-news__card" aria-labelledby={titleId}>
        <div className="tracking-news__head">
          <h2 id={titleId} tabIndex={-1} className="tracking-news__title">
            {url}
          </h2>
        </div>
        {description && <p className="tracking-news__quiet">{description}</p>}
        <Health endpoint={endpoint} />
        <div className="tracking-news__buttons">
          <NewsButton isExpanded={open === 'edit'} onClick={() => setOpen(open === 'edit' ? null : 'edit')}>
            {labels.edit}
          </NewsButton>
          <NewsButton kind={enabled ? 'plain' : 'primary'} isDisabled={switching.isBusy} onClick={() => void turn()}>
            {switching.isBusy ? labels.switching : enabled ? labels.switchOff : labels.switchOn}
          </NewsButton>
          <NewsButton isExpanded={open === 'remove'} onClick={() => setOpen(open === 'remove' ? null : 'remove')}>
            {labels.remove}
          </NewsButton>
        </div>
        <Failure of={enabled ? 'switchOff' : 'switchOn'} error={switching.error} />
        {open === 'remove' && (
          <Confirm
            question={labels.removeQuestion(url)}
            yes={removing.isBusy ? labels.removing : labels.remove}
            no={labels.keep}
            isDanger
            action={removing}
            failing="remove"
            onYes={() => void remove()}
            onNo={() => {
              removing.forget();
              setOpen(null);
            }}
          >
            <p>{labels.aboutRemove}</p>
          </Confirm>
        )}
        {open === 'edit' && (
          <EndpointForm
            failing="save"
            title={labels.editEndpoint}
            submit={labels.save}
            submitting={labels.saving}
            endpoint={endpoint}
            onSubmit={async (changes) => {
              await access.changeEndpoint(source, orgId, id, changes);
              announce(labels.saved);
            }}
            onClose={() => setOpen(null)}
          />
        )}
        <dl className="tracking-news__facts">
          <div>
            <dt>{labels.events}</dt>
            <dd>
              {endpoint.eventTypes.length === 0
                ? labels.allEvents
                : endpoint.eventTypes.map((type) => typeName(type, words)).join(', ')}
            </dd>
          </div>
          {(projects.length > 0 || endpoint.projectIds.length > 0) && (
            <div>
              <dt>{labels.projects}</dt>
              <dd>
                {endpoint.projectIds.length === 0
                  ? labels.allProjects
                  : endpoint.projectIds
                      .map((projectId) => projects.find((project) => project.id === projectId)?.name ?? projectId)
                      .join(', ')}
              </dd>
            </div>
          )}
        </dl>
        <SigningSecret endpoint={endpoint} instructionsHref={instructionsHref} />
      </section>
      <Deliveries endpoint={endpoint} title="h3" />
    </>
  );
}
