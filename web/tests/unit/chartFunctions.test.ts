/** The functions of `account-tracking/charts`, which need no React. */

import { describe, expect, test } from 'vitest';
import { dailyChanges, growthOver, indexed, postingTimes, toCsv } from '../../src/chartsEntry';
import { pointsOf, rounded, steady, year } from '../chartSeries';

describe('growthOver', () => {
  test.each([
    ['a steady series', steady, 7, { absolute: 266, percent: 0 }],
    ['more than in the period before', pointsOf([10, 20, 40]), 1, { absolute: 20, percent: 100 }],
    ['less than in the period before', pointsOf([10, 30, 40]), 1, { absolute: 10, percent: -50 }],
    ['a loss after a gain', pointsOf([10, 20, 5]), 1, { absolute: -15, percent: -250 }],
    ['no full period before', pointsOf([1, 2, 3, 4, 5, 6, 7, 8]), 7, { absolute: 7, percent: null }],
    ['a hidden day in the period before', pointsOf([null, 20, 40]), 1, { absolute: 20, percent: null }],
    ['no gain in the period before', pointsOf([20, 20, 40]), 1, { absolute: 20, percent: null }],
    ['a loss in the period before', pointsOf([30, 20, 40]), 1, { absolute: 20, percent: null }],
    ['today, which has no value yet', pointsOf([10, 20, null]), 1, { absolute: 10, percent: null }],
    ['a first day without a value', pointsOf([10, null, 40]), 1, { absolute: null, percent: null }],
    ['fewer days than the period', pointsOf([10, 20]), 7, { absolute: null, percent: null }],
    ['one point', pointsOf([10]), 1, { absolute: null, percent: null }],
    ['none', [], 7, { absolute: null, percent: null }],
    [
      'a day that is not listed',
      [
        { day: '2026-11-28', value: 1 },
        { day: '2026-11-30', value: 9 },
      ],
      1,
      { absolute: null, percent: null },
    ],
    ['steps of a rounded count', rounded, 1, { absolute: 0, percent: null }],
  ])('%s', (_, points, days, growth) => {
    expect(growthOver(points, days)).toEqual(growth);
  });

  test('counts days across a month’s end, in any order', () => {
    const points = [
      { day: '2026-12-02', value: 130 },
      { day: '2026-11-30', value: 100 },
      { day: '2026-11-28', value: 90 },
    ];
    expect(growthOver(points, 2)).toEqual({ absolute: 30, percent: 200 });
  });
});

describe('dailyChanges', () => {
  test('a gap has no change, and neither has the day after it', () => {
    expect(dailyChanges(pointsOf([10, 15, 15, 12, null, 20, 30])).map(({ value }) => value)).toEqual([
      null,
      5,
      0,
      -3,
      null,
      null,
      10,
    ]);
  });

  test('only the day before counts, also across a month’s end', () => {
    const points = [
      { day: '2026-12-01', value: 9 },
      { day: '2026-11-30', value: 4 },
      { day: '2026-11-28', value: 1 },
      { day: 'no day', value: 1 },
    ];
    expect(dailyChanges(points).map(({ value }) => value)).toEqual([5, null, null, null]);
  });
});

describe('indexed', () => {
  const values = (points: { value: number | null }[]) => points.map(({ value }) => value);

  test('the first value of the range becomes 100', () => {
    expect(values(indexed(pointsOf([50, 75, null, 100])))).toEqual([100, 150, null, 200]);
    expect(indexed(pointsOf([50, 200, 100]), { from: '2026-11-29' })).toEqual([
      { day: '2026-11-29', value: 100 },
      { day: '2026-11-30', value: 50 },
    ]);
  });

  test('a gap before the first value stays', () => {
    expect(values(indexed(pointsOf([null, 50, 25])))).toEqual([null, 100, 50]);
  });

  test('nothing is a multiple of zero or less', () => {
    expect(values(indexed(pointsOf([0, 5])))).toEqual([null, null]);
    expect(values(indexed(pointsOf([-2, 5])))).toEqual([null, null]);
    expect(values(indexed(pointsOf([null, null])))).toEqual([null, null]);
    expect(indexed([])).toEqual([]);
  });

  test('gaps of a year stay where they are', () => {
    const gaps = (points: { value: number | null }[]) => values(points).map((value) => value === null);
    expect(gaps(indexed(year))).toEqual(gaps(year));
  });
});

describe('toCsv', () => {
  test.each([
    [
      'rows end with CRLF',
      [
        ['day', 'followers'],
        ['2026-11-30', 12],
      ],
      'day,followers\r\n2026-11-30,12\r\n',
    ],
    ['null is empty, zero is not', [['a', null, 0]], 'a,,0\r\n'],
    ['numbers that are none are empty', [[Number.NaN, Infinity]], ',\r\n'],
    ['quotes, commas and lines are quoted', [['"hi"', 'a,b', 'a\nb']], '"""hi""","a,b","a\nb"\r\n'],
    ['formulas become texts', [['=1+1', '+1', '-1', '@a', '\t=1', '＝1']], "'=1+1,'+1,'-1,'@a,'\t=1,'＝1\r\n"],
    ['formulas are quoted, too', [['=HYPERLINK("x","y")']], '"\'=HYPERLINK(""x"",""y"")"\r\n'],
    ['a line break before a formula', [['\n=1', '\r=1']], '"\'\n=1","\'\r=1"\r\n'],
    ['negative numbers stay numbers', [[-12.5]], '-12.5\r\n'],
    ['truth values', [[true, false]], 'true,false\r\n'],
    ['nothing', [], ''],
  ])('%s', (_, rows, csv) => {
    expect(toCsv(rows)).toBe(csv);
  });
});

describe('postingTimes', () => {
  const busy = (counts: number[][]) =>
    counts.flatMap((hours, weekday) => hours.flatMap((count, hour) => (count ? [[weekday, hour, count]] : [])));

  test('has 7 rows of 24 hours', () => {
    const counts = postingTimes([], 'UTC');
    expect(counts.map((hours) => hours.length)).toEqual([24, 24, 24, 24, 24, 24, 24]);
    expect(busy(counts)).toEqual([]);
  });

  test('counts in the hours of the zone, Monday first', () => {
    const dates = [
      new Date('2026-11-29T23:30:00Z'),
      new Date('2026-11-29T23:59:00Z'),
      new Date('2026-11-30T00:00:00Z'),
    ];
    expect(busy(postingTimes(dates, 'UTC'))).toEqual([
      [0, 0, 1],
      [6, 23, 2],
    ]);
    expect(busy(postingTimes(dates, 'Europe/Berlin'))).toEqual([
      [0, 0, 2],
      [0, 1, 1],
    ]);
    expect(busy(postingTimes(dates, 'America/New_York'))).toEqual([
      [6, 18, 2],
      [6, 19, 1],
    ]);
    expect(busy(postingTimes(dates, 'Asia/Kolkata'))).toEqual([[0, 5, 3]]);
  });

  test('follows the change to summer time', () => {
    const dates = [new Date('2026-03-28T17:00:00Z'), new Date('2026-03-29T17:00:00Z')];
    expect(busy(postingTimes(dates, 'Europe/Berlin'))).toEqual([
      [5, 18, 1],
      [6, 19, 1],
    ]);
  });

  test('leaves out what has no time', () => {
    expect(busy(postingTimes([null, new Date(Number.NaN)], 'UTC'))).toEqual([]);
  });

  test('refuses a zone that does not exist', () => {
    expect(() => postingTimes([], 'Mars/Olympus')).toThrow(RangeError);
  });
});
