/** The components of `account-tracking/charts`. tests/e2e/browser/test_gallery.py has what needs a real layout. */

import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { renderToString } from 'react-dom/server';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BarChart, englishChartLabels, HeatMap, LineChart, type Point, Sparkline } from '../../src/chartsEntry';
import { germanChartLabels } from '../../src/deEntry';
import * as golden from '../chartSeries';

vi.setConfig({ testTimeout: 30_000 }); // axe, and tables of a year

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const SERIES = {
  steady: golden.steady,
  viral: golden.viral,
  rounded: golden.rounded,
  gap: golden.gap,
  onePoint: golden.onePoint,
  none: golden.none,
  hidden: golden.hidden,
  equal: golden.equal,
  negative: golden.negative,
  year: golden.year,
  huge: golden.huge,
};
const eachSeries = test.each(Object.entries(SERIES));
const known = (points: readonly Point[]) => points.filter(({ value }) => value !== null);

const followers = (points: readonly Point[]) => [{ name: 'Followers', points }];
const chart = () => screen.getByRole('figure');
const slider = () => screen.getByRole('slider');
const spoken = () => slider().getAttribute('aria-valuetext');
const drawn = (part: string) =>
  [...document.querySelectorAll(`.tracking-chart__${part}`)].map((path) => path.getAttribute('d') ?? '').join('');
const axis = (name: 'rows' | 'columns') =>
  [...document.querySelectorAll(`.tracking-chart__${name} > *`)].map(({ textContent }) => textContent);
const summaryOf = (figure: HTMLElement) =>
  document.getElementById(figure.getAttribute('aria-describedby') ?? '')?.textContent;

async function showTable(): Promise<string[][]> {
  await userEvent.click(screen.getByRole('button', { name: 'Show as table' }));
  return tableCells();
}

function tableCells(): string[][] {
  // By tags: roles of a year's table take seconds.
  return [...document.querySelectorAll('tr')].map((row) =>
    [...row.children].map(({ textContent }) => textContent ?? ''),
  );
}

/** Move the pointer over the drawing, which is 100 wide and 70 high. */
function pointAt(clientX: number, clientY = 0, pointerType = 'mouse'): void {
  const field = slider().parentElement as HTMLElement;
  vi.spyOn(field, 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 100, 70));
  fireEvent.pointerMove(field, { clientX, clientY, pointerType });
}

describe('golden series', () => {
  eachSeries('lines of %s have all values and no guess', async (_, points) => {
    render(<LineChart title="Followers" series={followers(points)} />);
    expect(chart().outerHTML).not.toMatch(/NaN|Infinity|undefined/);
    const count = known(points).length;
    if (count === 0) {
      expect(chart().textContent).toBe('FollowersNo data yet');
      expect(screen.queryByRole('slider')).toBeNull();
      return;
    }
    expect(drawn('line').match(/[ML]/g)?.length ?? 0).toBe(count - (drawn('dot').match(/M/g)?.length ?? 0));
    const [, ...rows] = await showTable();
    expect(rows.filter(([, value]) => value !== '')).toHaveLength(count);
    expect(rows).toHaveLength(points.length);
  });

  eachSeries('bars of %s begin at zero', (_, points) => {
    render(<BarChart title="New followers" points={points} />);
    expect(chart().outerHTML).not.toMatch(/NaN|Infinity|undefined/);
    expect((drawn('bar') + drawn('zero')).match(/M/g)?.length ?? 0).toBe(known(points).length);
    if (known(points).length > 0) {
      expect(axis('rows')).toContain('0');
    }
  });

  eachSeries('a sparkline of %s has a name and a table', (_, points) => {
    render(<Sparkline title="Followers" points={points} />);
    expect(document.body.innerHTML).not.toMatch(/NaN|Infinity|undefined/);
    const picture = screen.getByRole('img');
    const hasData = known(points).length > 0;
    expect(picture.getAttribute('aria-label')).toMatch(
      hasData ? /^Followers: [\d,.-]+ on / : /^Followers: No data yet$/,
    );
    expect(document.querySelectorAll('tr')).toHaveLength(hasData ? points.length + 1 : 0);
  });

  eachSeries('%s is rendered on a server', (_, points) => {
    const html = renderToString(
      <>
        <LineChart title="Lines" series={followers(points)} />
        <BarChart title="Bars" points={points} />
        <Sparkline title="Spark" points={points} />
      </>,
    );
    expect(html.match(/<path class="tracking-chart__line"/g)?.length).toBe(known(points).length > 0 ? 2 : 1);
    expect(html).not.toContain('style='); // a strict content security policy would refuse it
  });
});

describe('lines', () => {
  test('only an axis from zero has an area below the line', () => {
    const { rerender } = render(<LineChart title="Likes" series={followers(golden.pointsOf([0, 20, null, 20, 0]))} />);
    expect(drawn('area')).toBe('M0 100L25 0V100H0ZM75 0L100 100V100H75Z');
    for (const values of [
      [10, 20, 20],
      [-20, 0, 20],
    ]) {
      rerender(<LineChart title="Likes" series={followers(golden.pointsOf(values))} />);
      expect(document.querySelector('.tracking-chart__area')).toBeNull();
    }
  });

  test('a gap has no line over it, and an empty cell', async () => {
    const points = golden.pointsOf([10, 20, null, 20, 10]);
    render(<LineChart title="Followers" series={followers(points)} />);
    expect(drawn('line')).toBe('M0 100L25 0M75 0L100 100');
    expect(await showTable()).toEqual([
      ['Day', 'Followers'],
      ['Nov 26, 2026', '10'],
      ['Nov 27, 2026', '20'],
      ['Nov 28, 2026', ''],
      ['Nov 29, 2026', '20'],
      ['Nov 30, 2026', '10'],
    ]);
  });

  test('a day that is not listed is a gap, too', () => {
    const points = golden.pointsOf([10, 20, 99, 20, 10]).filter(({ value }) => value !== 99);
    render(<LineChart title="Followers" series={followers(points)} />);
    expect(drawn('line')).toBe('M0 100L25 0M75 0L100 100');
  });

  test('stairs for rounded counts', () => {
    render(<LineChart title="Subscribers" series={followers(golden.pointsOf([10, 10, 20]))} steps />);
    expect(drawn('line')).toBe('M0 100H50V100H100V0');
  });

  test('a range draws its days alone', async () => {
    render(
      <LineChart title="Followers" series={followers(golden.year)} range={{ from: '2026-11-24', to: '2026-11-30' }} />,
    );
    expect(axis('columns')).toEqual(['Nov 24', 'Nov 25', 'Nov 26', 'Nov 27', 'Nov 28', 'Nov 29', 'Nov 30']);
    expect(await showTable()).toHaveLength(8);
  });

  test('several lines have a legend with the last values', async () => {
    const series = [
      { name: '@nasa', points: golden.pointsOf([100, 110]) },
      { name: '@esa', points: golden.pointsOf([100, null]) },
    ];
    render(<LineChart title="Growth" series={series} />);
    const entries = [...document.querySelectorAll('.tracking-chart__entry')].map(({ textContent }) => textContent);
    expect(entries).toEqual(['@nasa 110', '@esa No value']);
    expect(document.querySelectorAll('.tracking-chart__series2 .tracking-chart__line')).toHaveLength(1);
    expect(drawn('area')).toBe('');
    expect(spoken()).toBe('Nov 30, 2026: @nasa 110, @esa No value');
    expect(await showTable()).toEqual([
      ['Day', '@nasa', '@esa'],
      ['Nov 29, 2026', '100', '100'],
      ['Nov 30, 2026', '110', ''],
    ]);
  });

  test('axes are few round numbers and days', () => {
    render(<LineChart title="Followers" series={followers(golden.steady)} />);
    expect(axis('rows')).toEqual(['14K', '13.5K', '13K', '12.5K', '12K']);
    expect(axis('columns')).toEqual(['Nov 2', 'Nov 9', 'Nov 16', 'Nov 23', 'Nov 30']);
  });

  test('the page’s format holds for axis, reading and table', async () => {
    const format = { style: 'percent', maximumFractionDigits: 1 } as const;
    render(<LineChart title="Engagement" series={followers(golden.pointsOf([0.01, 0.034]))} numberFormat={format} />);
    expect(axis('rows')).toEqual(['4%', '3%', '2%', '1%']);
    expect(spoken()).toBe('Nov 30, 2026: 3.4%');
    expect((await showTable())[2]).toEqual(['Nov 30, 2026', '3.4%']);
  });
});

describe('bars', () => {
  test('losses hang down, a zero is a line, a gap is nothing', () => {
    render(<BarChart title="New followers" points={golden.pointsOf([10, 0, null, -10])} />);
    expect(drawn('bar--negative')).toBe('M85 50V100h5V50Z');
    expect(drawn('zero')).toBe('M35 50V50h5V50Z');
    expect(drawn('base')).toBe('M0 50H100');
    expect(drawn('bar').match(/M/g)).toHaveLength(2);
  });

  test('the summary has the sum', () => {
    render(<BarChart title="New followers" points={golden.pointsOf([1_000, null, -20, 234])} />);
    expect(summaryOf(chart())).toBe(
      'New followers: 1,214 in total, from Nov 27, 2026 to Nov 30, 2026. Lowest −20, highest 1,000. One day has no value.',
    );
  });

  test('the pointer chooses the day below it', () => {
    render(<BarChart title="New followers" points={golden.pointsOf([1, 2, 3, 4])} />);
    pointAt(49);
    expect(spoken()).toBe('Nov 28, 2026: 2');
    expect(document.querySelector('.tracking-chart__band')?.getAttribute('x')).toBe('25');
    pointAt(100);
    expect(spoken()).toBe('Nov 30, 2026: 4');
  });
});

describe('reading', () => {
  test('begins with the last day that has a value', () => {
    render(<LineChart title="Followers" series={followers(golden.pointsOf([5, 7, null]))} />);
    expect(spoken()).toBe('Nov 29, 2026: 7');
    expect(document.querySelector('.tracking-chart__reading')?.textContent).toBe('7Nov 29, 2026');
    expect(drawn('cursor')).toBe('');
  });

  test('the pointer moves the cross-hair to the nearest day', () => {
    render(<LineChart title="Followers" series={followers(golden.pointsOf([10, 30, null, 20, 10]))} />);
    pointAt(30);
    expect(spoken()).toBe('Nov 27, 2026: 30');
    expect(drawn('cursor')).toBe('M25 0V100');
    pointAt(51);
    expect(spoken()).toBe('Nov 28, 2026: No value');
    expect(drawn('dot')).toBe(''); // no dot where there is no value
    fireEvent.pointerLeave(slider().parentElement as HTMLElement, { pointerType: 'mouse' });
    expect(spoken()).toBe('Nov 30, 2026: 10');
    expect(drawn('cursor')).toBe('');
  });

  test('stays when a finger is lifted', () => {
    render(<LineChart title="Followers" series={followers(golden.pointsOf([10, 30, 20]))} />);
    pointAt(0, 0, 'touch');
    fireEvent.pointerLeave(slider().parentElement as HTMLElement, { pointerType: 'touch' });
    expect(spoken()).toBe('Nov 28, 2026: 10');
  });

  test('the range input has each day, and ends with the focus', () => {
    render(<LineChart title="Followers" series={followers(golden.steady)} />);
    expect(slider()).toMatchObject({ min: '0', max: '29', value: '29' });
    fireEvent.change(slider(), { target: { value: '3' } });
    expect(spoken()).toBe('Nov 4, 2026: 12,514');
    fireEvent.blur(slider());
    expect(spoken()).toBe('Nov 30, 2026: 13,502');
  });

  test('a chosen day is still there when there are fewer days', () => {
    const { rerender } = render(<LineChart title="Followers" series={followers(golden.steady)} />);
    fireEvent.change(slider(), { target: { value: '20' } });
    rerender(<LineChart title="Followers" series={followers(golden.pointsOf([1, 2]))} />);
    expect(spoken()).toBe('Nov 30, 2026: 2');
  });
});

describe('heat map', () => {
  test('has a cell for each hour, and reads the busiest', () => {
    render(<HeatMap title="Posts" counts={golden.posts} />);
    expect(document.querySelectorAll('.tracking-chart__drawing .tracking-chart__cell')).toHaveLength(7 * 24);
    expect(summaryOf(chart())).toBe('Busiest hour: Monday, 6 PM: 10 posts.');
    const reading = () => document.querySelector('.tracking-chart__reading')?.textContent;
    expect(reading()).toBe('Busiest hour: Monday, 6 PM: 10 posts.');
    fireEvent.change(slider(), { target: { value: '19' } });
    expect(reading()).toMatch(/^\d+ posts?Monday, 7 PM$/);
    expect(axis('rows')).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
    expect(axis('columns')).toEqual(['12 AM', '6 AM', '12 PM', '6 PM']);
  });

  test('a legend goes from none to the most, in the page’s words', () => {
    render(<HeatMap title="Posts" counts={golden.posts} labels={{ less: 'Weniger', more: 'Mehr' }} />);
    const legend = document.querySelector('.tracking-chart__legend');
    expect(legend?.textContent).toBe('Weniger Mehr');
    const steps = [...(legend?.querySelectorAll('rect') ?? [])].map((cell) => cell.getAttribute('opacity'));
    expect([steps.length, steps[0], steps.at(-1)]).toEqual([5, null, '1']);
  });

  test('the pointer and the keys choose an hour', () => {
    render(<HeatMap title="Posts" counts={golden.posts} />);
    pointAt(99.9, 69.9);
    expect(spoken()).toMatch(/^Sunday, 11 PM: /);
    fireEvent.keyDown(slider(), { key: 'ArrowUp' });
    expect(spoken()).toMatch(/^Saturday, 11 PM: /);
    fireEvent.keyDown(slider(), { key: 'ArrowDown' });
    fireEvent.keyDown(slider(), { key: 'ArrowDown' });
    expect(spoken()).toMatch(/^Sunday, 11 PM: /);
    pointAt(0, 0);
    expect(spoken()).toMatch(/^Monday, 12 AM: /);
    fireEvent.keyDown(slider(), { key: 'ArrowUp' });
    expect(spoken()).toMatch(/^Monday, 12 AM: /);
    pointAt(51, 69.9);
    fireEvent.keyDown(slider(), { key: 'ArrowDown' });
    expect(spoken()).toMatch(/^Sunday, 12 PM: /);
  });

  test('its table has the counts', async () => {
    render(<HeatMap title="Posts" counts={golden.posts} />);
    const [head, monday] = await showTable();
    expect(head?.slice(0, 3)).toEqual(['Weekday', '12 AM', '1 AM']);
    expect(monday).toEqual(['Monday', ...(golden.posts[0] ?? []).map(String)]);
  });

  test('without posts it says so', () => {
    render(<HeatMap title="Posts" counts={[]} />);
    expect(chart().textContent).toBe('PostsNo data yet');
  });
});

describe('words', () => {
  test('German, with its numbers and days', async () => {
    render(<LineChart title="Abonnenten" series={followers(golden.gap)} labels={germanChartLabels} />);
    expect(chart().lang).toBe('de');
    expect(summaryOf(chart())).toBe(
      'Followers: 5.000 am 01.11.2026, 6.740 am 30.11.2026. Tiefster Wert 5.000, höchster 6.740. 6 Tage haben keinen Wert.',
    );
    expect(axis('columns')).toEqual(['2. Nov.', '9. Nov.', '16. Nov.', '23. Nov.', '30. Nov.']);
    expect(screen.getByRole('button', { name: 'Als Tabelle zeigen' })).toBeTruthy();
  });

  test('a page’s own label, and a locale of its own', () => {
    const labels = { noValue: 'hidden' };
    render(
      <LineChart title="Followers" series={followers(golden.pointsOf([1_234, null]))} labels={labels} locale="de-CH" />,
    );
    expect(spoken()).toMatch(/^29\.11\.2026: 1[’']234$/); // Node's versions differ
    fireEvent.change(slider(), { target: { value: '1' } });
    expect(spoken()).toBe('30.11.2026: hidden');
  });

  test('both languages have the same labels', () => {
    expect(Object.keys(germanChartLabels)).toEqual(Object.keys(englishChartLabels));
  });
});

describe('accessibility', () => {
  test('a chart has a name, a summary and a labelled slider', () => {
    render(<LineChart title="Followers" series={followers(golden.steady)} />);
    expect(screen.getByRole('figure', { name: 'Followers' })).toBe(chart());
    expect(summaryOf(chart())).toBe(
      'Followers: 12,400 on Nov 1, 2026, 13,502 on Nov 30, 2026. Lowest 12,400, highest 13,502.',
    );
    expect(screen.getByRole('slider', { name: 'Followers' })).toBe(slider());
  });

  const few = golden.pointsOf([10, null, -20]);
  test.each([
    ['lines', <LineChart key="" title="Chart" series={followers(few)} />],
    ['bars', <BarChart key="" title="Chart" points={few} />],
    ['hours', <HeatMap key="" title="Chart" counts={golden.posts} />],
  ])('axe finds nothing in %s, nor in their table', async (_, drawing) => {
    const { container } = render(drawing);
    expect((await axe.run(container)).violations).toEqual([]);
    await showTable();
    expect((await axe.run(container)).violations).toEqual([]);
  });

  test('axe finds nothing in a sparkline, nor without data', async () => {
    const { container } = render(
      <>
        <Sparkline title="Spark" points={few} />
        <LineChart title="Nothing" series={[]} />
      </>,
    );
    expect((await axe.run(container)).violations).toEqual([]);
  });

  test('the button shows the table, and the chart again', async () => {
    render(<BarChart title="Bars" points={golden.negative} />);
    await showTable();
    expect(screen.queryByRole('slider')).toBeNull();
    expect(screen.getByRole('region', { name: 'Bars' }).tabIndex).toBe(0);
    await userEvent.click(screen.getByRole('button', { name: 'Show as chart' }));
    expect(screen.queryByRole('table')).toBeNull();
    expect(slider()).toBeTruthy();
  });

  test('a sparkline may stand in a button', () => {
    const onError = vi.spyOn(console, 'error');
    render(
      <button type="button">
        <Sparkline title="Followers" points={golden.steady} hasTable={false} />
      </button>,
    );
    expect(screen.queryByRole('table')).toBeNull();
    expect(document.querySelector('button > span.tracking-sparkline')).toBeTruthy();
    expect(onError).not.toHaveBeenCalled();
  });
});
