import { useId } from 'react';

interface SegmentsProps<T extends string | number> {
  /** The name of the choice, for screen readers. */
  name: string;
  options: readonly (readonly [value: T, label: string])[];
  value: T;
  onChange: (value: T) => void;
}

/** A choice between a few values, side by side: radio buttons that look like one control. */
export function Segments<T extends string | number>({ name, options, value, onChange }: SegmentsProps<T>) {
  const group = useId();
  return (
    <fieldset className="acc-segments">
      <legend className="unseen">{name}</legend>
      {options.map(([option, label]) => (
        <label key={option}>
          <input type="radio" name={group} checked={option === value} onChange={() => onChange(option)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
