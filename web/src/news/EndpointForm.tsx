import { type FormEvent, useId, useRef, useState } from 'react';
import { trackingJobError } from '../errors';
import { NEWS_LIMITS, type NewEndpoint, type WebhookEndpoint } from '../news';
import { checkedUrl, urlProblem } from '../webhookUrl';
import { Choices, chosenOf, storedOf, useEventGroups, useProjectGroups, valuesOf } from './Choices';
import { Failure, NewsButton, useHeldFocus } from './NewsParts';
import { useNewsTools } from './newsContext';
import type { NewsLabels } from './newsLabels';
import { useNewsAction } from './useNewsAction';

interface EndpointFormProps {
  title: string;
  submit: string;
  submitting: string;
  failing: 'add' | 'save';
  endpoint?: WebhookEndpoint;
  /** Rejects with the error to show. The form then stays as it is. */
  onSubmit: (endpoint: Required<NewEndpoint>) => Promise<void>;
  onClose: () => void;
}

/** Address, description, events and projects of an endpoint. */
export function EndpointForm({ title, submit, submitting, failing, endpoint, onSubmit, onClose }: EndpointFormProps) {
  const { words, projects } = useNewsTools();
  const { labels } = words;
  const [url, setUrl] = useState(endpoint?.url ?? '');
  const [description, setDescription] = useState(endpoint?.description ?? '');
  const [isSubmitted, setIsSubmitted] = useState(false);
  /** Whether the field of the address was left with something in it. */
  const [isLeft, setIsLeft] = useState(false);
  const events = useEventGroups(endpoint?.eventTypes ?? []);
  const projectGroups = useProjectGroups(endpoint?.projectIds ?? []);
  const [types, setTypes] = useState(() => chosenOf(endpoint?.eventTypes ?? [], valuesOf(events)));
  const [projectIds, setProjectIds] = useState(() => chosenOf(endpoint?.projectIds ?? [], valuesOf(projectGroups)));
  const action = useNewsAction();
  const ref = useHeldFocus();
  const urlField = useRef<HTMLInputElement>(null);
  const [titleId, urlHelpId, urlProblemId] = [useId(), useId(), useId()];

  const hasProjects = projects.length > 0;
  const isIncomplete = types.length === 0 || (hasProjects && projectIds.length === 0);
  const { error } = action;
  const isUrl = error?.code === 'invalid-input' && error.field === 'url';
  const wrongUrl =
    (isUrl || isSubmitted || isLeft) && (urlSentence(url, labels) ?? (isUrl && labels.errorSentence(error)));

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    setIsSubmitted(true);
    if (urlProblem(url) !== null) {
      urlField.current?.focus();
      return;
    }
    if (isIncomplete) {
      return;
    }
    const isSaved = await action.run(() =>
      onSubmit({
        url: url.trim(),
        description: description.trim(),
        eventTypes: storedOf(types, valuesOf(events)),
        projectIds: hasProjects ? storedOf(projectIds, valuesOf(projectGroups)) : (endpoint?.projectIds ?? []),
      }),
    );
    if (isSaved) {
      onClose();
    }
  }

  return (
    <div ref={ref} className="tracking-news__panel">
      <form
        aria-labelledby={titleId}
        onSubmit={save}
        noValidate
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !action.isBusy) {
            event.stopPropagation();
            onClose();
          }
        }}
      >
        <h3 id={titleId}>{title}</h3>
        <label className="tracking-news__field">
          <span>{labels.url}</span>
          <input
            ref={urlField}
            type="url"
            inputMode="url"
            value={url}
            placeholder="https://example.com/webhooks"
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            maxLength={NEWS_LIMITS.url}
            aria-invalid={!!wrongUrl}
            aria-describedby={wrongUrl ? urlProblemId : urlHelpId}
            onChange={({ target }) => {
              setUrl(target.value);
              action.forget();
              setIsLeft(false);
            }}
            onBlur={() => setIsLeft(url.trim() !== '')}
          />
        </label>
        {!wrongUrl && (
          <p id={urlHelpId} className="tracking-news__quiet">
            {labels.aboutUrl}
          </p>
        )}
        <p id={urlProblemId} className="tracking-news__problem" role="alert">
          {wrongUrl}
        </p>
        <label className="tracking-news__field">
          <span>
            {labels.description} <span className="tracking-news__quiet">({labels.optional})</span>
          </span>
          <input
            type="text"
            value={description}
            maxLength={NEWS_LIMITS.description}
            onChange={({ target }) => setDescription(target.value)}
          />
        </label>
        <Choices
          legend={labels.events}
          groups={events}
          chosen={types}
          onChosen={setTypes}
          problem={isSubmitted && types.length === 0 ? labels.oneEvent : null}
        />
        {hasProjects && (
          <Choices
            legend={labels.projects}
            groups={projectGroups}
            chosen={projectIds}
            onChosen={setProjectIds}
            problem={isSubmitted && projectIds.length === 0 ? labels.oneProject : null}
          />
        )}
        <Failure of={failing} error={isUrl ? null : error} />
        <div className="tracking-news__buttons">
          <NewsButton onClick={onClose}>{labels.cancel}</NewsButton>
          <NewsButton kind="primary" type="submit" isDisabled={action.isBusy}>
            {action.isBusy ? submitting : submit}
          </NewsButton>
        </div>
      </form>
    </div>
  );
}

/** Return why an address cannot be one; null if it can. */
function urlSentence(url: string, labels: NewsLabels): string | null {
  const problem = urlProblem(url);
  if (problem === null) {
    return null;
  }
  try {
    checkedUrl(url);
    return null;
  } catch (thrown) {
    return labels.urlProblem(problem, trackingJobError(thrown).message);
  }
}
