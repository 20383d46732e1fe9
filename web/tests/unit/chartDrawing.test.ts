/** Scales, ticks and paths of the charts. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { chartWordsOf } from '../../src/charts/chartWords';
import { areaPath, barPath, dotPath, linePath } from '../../src/charts/paths';
import { dayTicks, scaleOf } from '../../src/charts/scale';
import { timelineOf } from '../../src/charts/series';
import * as golden from '../chartSeries';

const known = (points: typeof golden.steady) => points.flatMap(({ value }) => (value === null ? [] : [value]));

describe('scaleOf', () => {
  test.each([
    ['steady', known(golden.steady), false, [12_000, 12_500, 13_000, 13_500, 14_000]],
    ['viral', known(golden.viral), false, [0, 20_000, 40_000, 60_000, 80_000]],
    ['rounded steps', known(golden.rounded), false, [12_300_000, 12_350_000, 12_400_000, 12_450_000]],
    ['all equal', known(golden.equal), false, [550, 600, 650, 700, 750]],
    ['zeros', [0, 0], false, [0, 1, 2]],
    ['none', [], false, [0, 1, 2]],
    ['one follower more', [7, 8], false, [7, 8, 9]],
    ['whole numbers have whole ticks', [0, 2], false, [0, 1, 2]],
    ['parts', [0.012, 0.05], false, [0.01, 0.02, 0.03, 0.04, 0.05]],
    ['bars begin at zero', [40, 60], true, [0, 20, 40, 60]],
    ['negative bars', [-47, 42], true, [-50, 0, 50]],
    ['losses alone', [-8, -3], true, [-8, -6, -4, -2, 0]],
  ])('%s', (_, values, withZero, ticks) => {
    expect(scaleOf(values, withZero).ticks.map((tick) => Math.round(tick * 1000) / 1000)).toEqual(ticks);
  });

  test.each(Object.entries(golden).filter(([name]) => name !== 'posts' && name !== 'pointsOf'))(
    'holds every value of %s between few ticks',
    (_, points) => {
      const values = known(points as typeof golden.steady);
      const { low, high, ticks } = scaleOf(values);
      expect(values.filter((value) => value < low || value > high)).toEqual([]);
      expect(ticks.length).toBeGreaterThanOrEqual(3);
      expect(ticks.length).toBeLessThanOrEqual(6);
      const texts = chartWordsOf().ticks(ticks);
      expect(new Set(texts).size).toBe(texts.length);
    },
  );
});

describe('labels of values', () => {
  test.each([
    ['en', [0, 20_000, 40_000], '0 20K 40K'],
    ['en', [12_000, 12_500, 13_000], '12K 12.5K 13K'],
    ['en', [12_350_000, 12_400_000, 12_450_000], '12.35M 12.4M 12.45M'],
    ['en', [1_000_000, 1_000_001, 1_000_002], '1,000,000 1,000,001 1,000,002'],
    ['de', [12_000, 12_500, 13_000], '12.000 12.500 13.000'],
  ])('in %s: %j', (locale, values, texts) => {
    expect(chartWordsOf({}, locale).ticks(values).join(' ')).toBe(texts);
  });

  test('in a format of the page', () => {
    expect(chartWordsOf({}, 'en', { style: 'percent' }).ticks([0, 0.005, 0.01])).toEqual(['0%', '0.5%', '1%']);
  });
});

describe('dayTicks', () => {
  const labels = (count: number, last = '2026-11-30') => {
    const days = golden.pointsOf(new Array(count).fill(1), last).map(({ day }) => day);
    return dayTicks(days).map(
      ({ index, unit }) => `${days[index]?.slice(unit === 'day' ? 5 : 0, 7 + (unit === 'day' ? 3 : 0))} ${unit}`,
    );
  };

  test('each day of a week', () => {
    expect(labels(7)).toHaveLength(7);
  });

  test('each Monday of a month', () => {
    expect(labels(30)).toEqual(['11-02 day', '11-09 day', '11-16 day', '11-23 day', '11-30 day']);
  });

  test('each second month of a year, whose January has the year', () => {
    expect(labels(366)).toEqual([
      '2026-01 year',
      '2026-03 month',
      '2026-05 month',
      '2026-07 month',
      '2026-09 month',
      '2026-11 month',
    ]);
  });

  test('at most seven, whatever the number of days', () => {
    for (const count of [1, 2, 8, 14, 15, 49, 50, 98, 99, 200, 367, 800, 3_000, 12_000]) {
      const found = labels(count).length;
      expect([count, found > 0 && found <= 7]).toEqual([count, true]);
    }
  });
});

describe('timelineOf', () => {
  test('has every day between the first and the last point', () => {
    const points = [
      { day: '2026-02-27', value: 1 },
      { day: '2026-03-02', value: 4 },
    ];
    expect(timelineOf([{ name: 'a', points }])).toEqual({
      days: ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'],
      columns: [{ name: 'a', values: [1, null, null, 4] }],
    });
  });

  test('lays series of different days side by side', () => {
    const early = { name: 'early', points: golden.pointsOf([1, 2], '2026-11-29') };
    const late = { name: 'late', points: golden.pointsOf([3, 4], '2026-11-30') };
    expect(timelineOf([early, late]).columns.map(({ values }) => values)).toEqual([
      [1, 2, null],
      [null, 3, 4],
    ]);
  });

  test('has the days of the range alone, with or without values', () => {
    const { days, columns } = timelineOf([{ name: 'a', points: golden.pointsOf([1, 2, 3]) }], {
      from: '2026-11-30',
      to: '2026-12-02',
    });
    expect(days).toEqual(['2026-11-30', '2026-12-01', '2026-12-02']);
    expect(columns[0]?.values).toEqual([3, null, null]);
  });

  test('leaves out days and values that are none', () => {
    const points = [
      { day: 'yesterday', value: 1 },
      { day: '2026-11-30', value: Number.NaN },
    ];
    expect(timelineOf([{ name: 'a', points }])).toEqual({
      days: ['2026-11-30'],
      columns: [{ name: 'a', values: [null] }],
    });
    expect(timelineOf([{ name: 'a', points: [] }]).days).toEqual([]);
    expect(timelineOf([], { from: '2026-11-30', to: '2026-11-01' }).days).toEqual([]);
  });
});

describe('paths', () => {
  const x = (index: number) => index * 10;
  const y = (value: number) => 100 - value;
  const values = [10, 20, null, 40, null, 60, 70.005];

  test('a line ends at a gap and begins after it', () => {
    expect(linePath(values, x, y, false)).toBe('M0 90L10 80M50 40L60 30');
  });

  test('stairs keep a value until the next', () => {
    expect(linePath(values, x, y, true)).toBe('M0 90H10V80M50 40H60V30');
  });

  test('a value between two gaps is a dot', () => {
    expect(dotPath(values, x, y)).toBe('M30 60h0');
    expect(dotPath([5], x, y)).toBe('M0 95h0');
  });

  test('an area has the gaps of its line', () => {
    expect(areaPath(values, x, y, false)).toBe('M0 90L10 80V100H0ZM50 40L60 30V100H50Z');
  });

  test('a bar goes from zero, up or down', () => {
    expect(barPath([10, null, -5], x, y, 4)).toBe('M-2 100V90h4V100ZM18 100V105h4V100Z');
  });

  test('nothing has no path', () => {
    for (const none of [[], [null, null]]) {
      expect(
        linePath(none, x, y, false) + dotPath(none, x, y) + areaPath(none, x, y, true) + barPath(none, x, y, 4),
      ).toBe('');
    }
  });

  test('a year has one line for each run of days', () => {
    const line = linePath(
      golden.year.map(({ value }) => value),
      x,
      y,
      false,
    );
    expect(line.match(/M/g)).toHaveLength(2);
    expect(line.match(/L/g)).toHaveLength(366 - 11 - 2);
    expect(line).not.toMatch(/NaN|Infinity/);
  });
});

/** One set of colours serves light and dark pages, so none may be too near to either. */
test('lines and bars have a contrast of 3 on white and on #1a1d22', () => {
  const style = readFileSync('src/charts/charts.css', 'utf8');
  const colours = [...style.matchAll(/--_(?:series\d|danger): var\([\w-]+, (#\w{6})\)/g)].map(
    ([, colour]) => colour ?? '',
  );
  expect(colours).toHaveLength(6);
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  for (const colour of colours) {
    expect(1.05 / (luminance(colour) + 0.05)).toBeGreaterThanOrEqual(3);
    expect((luminance(colour) + 0.05) / (luminance('#1a1d22') + 0.05)).toBeGreaterThanOrEqual(3);
  }
});
