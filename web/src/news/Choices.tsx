import { type ReactNode, useEffect, useId, useRef } from 'react';
import { EVENT_TYPES } from '../news';
import { useNewsTools } from './newsContext';
import type { EventGroup } from './newsLabels';
import { groupOf, typeName } from './newsWords';

interface Option {
  value: string;
  name: string;
}

interface Group {
  /** Empty for a group without a head. */
  name: string;
  options: readonly Option[];
}

interface ChoicesProps {
  legend: string;
  groups: readonly Group[];
  /** The chosen values. */
  chosen: readonly string[];
  onChosen: (chosen: string[]) => void;
  /** The reason why the choice cannot be saved. */
  problem: string | null;
}

/** Return what is chosen by a stored list, in which empty means all. */
export function chosenOf(stored: readonly string[], all: readonly string[]): string[] {
  return stored.length === 0 ? [...all] : [...stored];
}

/** Return the list to store. All is empty, so that what comes later belongs to it, too. */
export function storedOf(chosen: readonly string[], all: readonly string[]): string[] {
  return all.every((value) => chosen.includes(value)) ? [] : [...chosen];
}

/** Checkboxes in groups. The first box, and the head of each group, stand for several. */
export function Choices({ legend, groups, chosen, onChosen, problem }: ChoicesProps) {
  const { labels } = useNewsTools().words;
  const problemId = useId();
  const all = groups.flatMap(({ options }) => options.map(({ value }) => value));

  function set(values: readonly string[], isOn: boolean): void {
    const others = chosen.filter((value) => !values.includes(value));
    onChosen(isOn ? all.filter((value) => others.includes(value) || values.includes(value)) : others);
  }

  return (
    <fieldset className="tracking-news__choices" aria-describedby={problemId}>
      <legend>{legend}</legend>
      <Several values={all} chosen={chosen} onChange={set}>
        {labels.everything}
      </Several>
      <div className="tracking-news__groups">
        {groups.map(({ name, options }) => (
          <div key={name} className="tracking-news__group">
            {name && (
              <Several values={options.map(({ value }) => value)} chosen={chosen} onChange={set}>
                <strong>{name}</strong>
              </Several>
            )}
            {options.map((option) => (
              <label key={option.value} className="tracking-news__check">
                <input
                  type="checkbox"
                  checked={chosen.includes(option.value)}
                  onChange={({ target }) => set([option.value], target.checked)}
                />
                <span>{option.name}</span>
              </label>
            ))}
          </div>
        ))}
      </div>
      <p id={problemId} className="tracking-news__problem" role="alert">
        {problem}
      </p>
    </fieldset>
  );
}

interface SeveralProps {
  values: readonly string[];
  chosen: readonly string[];
  onChange: (values: readonly string[], isOn: boolean) => void;
  children: ReactNode;
}

/** A checkbox for several values, half checked when some of them are chosen. */
function Several({ values, chosen, onChange, children }: SeveralProps) {
  const ref = useRef<HTMLInputElement>(null);
  const count = values.filter((value) => chosen.includes(value)).length;
  const isSome = count > 0 && count < values.length;
  useEffect(() => {
    if (ref.current) {
      ref.current.indeterminate = isSome; // there is no attribute for it
    }
  }, [isSome]);
  return (
    <label className="tracking-news__check">
      <input
        ref={ref}
        type="checkbox"
        checked={count === values.length}
        onChange={() => onChange(values, count < values.length)}
      />
      <span>{children}</span>
    </label>
  );
}

const GROUPS: readonly EventGroup[] = ['job', 'account', 'video', 'webhook', 'other'];

/** All types, in groups. Types of the endpoint that this version does not know are kept, as others. */
export function useEventGroups(stored: readonly string[]): Group[] {
  const { words } = useNewsTools();
  const types = [...new Set<string>([...EVENT_TYPES, ...stored])];
  return GROUPS.map((group) => ({
    name: words.labels.groups[group],
    options: types.filter((type) => groupOf(type) === group).map((value) => ({ value, name: typeName(value, words) })),
  })).filter(({ options }) => options.length > 0);
}

/** The projects as one group. A stored one that is not among them is kept under its id. */
export function useProjectGroups(stored: readonly string[]): Group[] {
  const { projects } = useNewsTools();
  const known = projects.map(({ id, name }) => ({ value: id, name }));
  const others = stored.filter((id) => !projects.some((project) => project.id === id));
  return [{ name: '', options: [...known, ...others.map((id) => ({ value: id, name: id }))] }];
}

/** Return all values of the groups. */
export function valuesOf(groups: readonly Group[]): string[] {
  return groups.flatMap(({ options }) => options.map(({ value }) => value));
}
