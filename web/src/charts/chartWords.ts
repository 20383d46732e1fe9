import { type ChartLabels, englishChartLabels, type LineFacts } from './chartLabels';
import type { DayTick } from './scale';
import { dateOf, dayNumber } from './series';

/** The labels of a chart, with the numbers and days of its language. */
export interface ChartWords {
  labels: ChartLabels;
  /** A BCP 47 tag, such as `en` or `de-CH`. */
  locale: string;
  number(value: number): string;
  /** A value, or the word for none. */
  value(value: number | null): string;
  /** Short numbers for an axis, such as `1.2M`. They have as many digits as they need to differ. */
  ticks(values: readonly number[]): string[];
  day(day: string): string;
  dayTick(day: string, unit: DayTick['unit']): string;
  /** 0 is Monday. */
  weekday(number: number, length: 'short' | 'long'): string;
  hour(number: number): string;
}

/** Formats by language and options. Making one takes a tenth of a millisecond, and a list may have fifty sparklines. */
const FORMATS = new Map<string, unknown>();

function formatOf<Options, Format>(
  Format: { new (locale: string, options: Options): Format; name: string },
  locale: string,
  options: Options,
): Format {
  const key = JSON.stringify([Format.name, locale, options]);
  const format = FORMATS.get(key) ?? new Format(locale, options);
  FORMATS.set(key, format);
  return format as Format;
}

/** Write a number; its minus is the mathematical one, as wide as a plus. */
const write = (format: Intl.NumberFormat, value: number) => format.format(value).replace('-', '−');

/** Make the words of a chart. Throws a RangeError when `locale` is no language tag, such as `de_DE`. */
export function chartWordsOf(
  own: Partial<ChartLabels> = {},
  locale = own.language ?? englishChartLabels.language,
  numberFormat: Intl.NumberFormatOptions = {},
): ChartWords {
  const labels = { ...englishChartLabels, ...own };
  const plain = formatOf(Intl.NumberFormat, locale, { maximumFractionDigits: 1, ...numberFormat });
  // Days are those of UTC, and so are the made-up moments of weekdays and hours.
  const dates = (options: Intl.DateTimeFormatOptions) =>
    formatOf(Intl.DateTimeFormat, locale, { timeZone: 'UTC', ...options });
  const long = dates({ dateStyle: 'medium' });
  const ofUnit = {
    day: dates({ month: 'short', day: 'numeric' }),
    month: dates({ month: 'short' }),
    year: dates({ year: 'numeric' }),
  };
  const ofLength = { short: dates({ weekday: 'short' }), long: dates({ weekday: 'long' }) };
  const hours = dates({ hour: 'numeric' });
  return {
    labels,
    locale,
    number: (value) => write(plain, value),
    value: (value) => (value === null ? labels.noValue : write(plain, value)),
    ticks(values) {
      for (const maximumFractionDigits of [0, 1, 2, 3]) {
        const short = formatOf(Intl.NumberFormat, locale, {
          ...numberFormat,
          notation: 'compact',
          maximumFractionDigits,
        });
        const texts = values.map((value) => write(short, value));
        if (new Set(texts).size === texts.length) {
          return texts;
        }
      }
      return values.map((value) => write(plain, value));
    },
    day: (day) => long.format(dateOf(dayNumber(day))),
    dayTick: (day, unit) => ofUnit[unit].format(dateOf(dayNumber(day))),
    weekday: (number, length) => ofLength[length].format(Date.UTC(2024, 0, 1 + number)), // 1 January was a Monday
    hour: (number) => hours.format(Date.UTC(2024, 0, 1, number)),
  };
}

/** Say in a sentence or two what a line or a row of bars shows. Empty if there is no value. */
export function summaryOf(
  { name, values }: { name: string; values: readonly (number | null)[] },
  days: readonly string[],
  { labels, number, day }: ChartWords,
  kind: 'line' | 'bars',
): string {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ value, day: days[index] ?? '' }]));
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) {
    return '';
  }
  const amounts = known.map(({ value }) => value);
  const facts: LineFacts = {
    name,
    from: day(first.day),
    to: day(last.day),
    first: number(first.value),
    last: number(last.value),
    lowest: number(amounts.reduce((a, b) => Math.min(a, b))),
    highest: number(amounts.reduce((a, b) => Math.max(a, b))),
  };
  const missing = values.length - known.length;
  const sentences = [
    known.length === 1
      ? labels.onlyValue(facts)
      : kind === 'line'
        ? labels.line(facts)
        : labels.bars({ ...facts, total: number(amounts.reduce((a, b) => a + b)) }),
    missing > 0 ? labels.gaps(number(missing), missing) : '',
  ];
  return sentences.filter(Boolean).join(' ');
}
