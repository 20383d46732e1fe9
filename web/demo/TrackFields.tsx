import { ACCOUNT_TYPES, type AccountType, PLATFORM_LABELS, PLATFORMS, type Platform } from '../src/job';

const TYPE_LABELS: Readonly<Record<AccountType, string>> = { my: 'Mine', competitor: 'A competitor’s' };

interface PlatformFieldProps {
  label: string;
  value: Platform;
  onChange: (platform: Platform) => void;
}

export function PlatformField({ label, value, onChange }: PlatformFieldProps) {
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={({ target }) => onChange(target.value as Platform)}>
        {PLATFORMS.map((name) => (
          <option key={name} value={name}>
            {PLATFORM_LABELS[name]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TypeFieldProps {
  label: string;
  value: AccountType;
  onChange: (type: AccountType) => void;
}

export function TypeField({ label, value, onChange }: TypeFieldProps) {
  return (
    <fieldset>
      <legend>{label}</legend>
      <div className="segments">
        {ACCOUNT_TYPES.map((name) => (
          <label key={name}>
            <input type="radio" name="accountType" checked={value === name} onChange={() => onChange(name)} />
            <span>{TYPE_LABELS[name]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
